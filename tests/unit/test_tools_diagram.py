from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from stacks.environment import Environment
from tests.environments import PLATFORMS
from tests.support import Synthesized
from tests.users import user_ids
from tools.command import ToolError
from tools.picture import architecture, diagram
from tools.picture.architecture import Architecture


@pytest.fixture(scope="module")
def prod(platforms: Mapping[str, Synthesized]) -> Architecture:
    return architecture.read(platforms["prod"].document)


@pytest.fixture(scope="module")
def out(platforms: Mapping[str, Synthesized], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("out")
    file = directory / "stacks" / "prod" / "cdk.tf.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(platforms["prod"].document))
    return directory


def test_the_committed_picture_is_the_one_of_the_stack(out: Path) -> None:
    diagram.refresh(out, diagram.PICTURE, only_check=True)


def test_another_picture_is_one_sentence(out: Path, tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"
    diagram.refresh(out, file, only_check=False)
    diagram.refresh(out, file, only_check=True)
    file.write_text(file.read_text().replace("PostgreSQL", "MySQL"))
    with pytest.raises(ToolError) as error:
        diagram.refresh(out, file, only_check=True)
    assert str(error.value) == (f"{file} is not what the stack looks like; run `make accept` and commit it.")


def test_visitors_reach_the_services_through_cloudfront_only(
    prod: Architecture, environments: Mapping[str, Environment]
) -> None:
    ways_in = {edge[0] for edge in prod.edges if edge[1] == "load-balancer"} - {"dns"}
    assert ways_in == {"cdn"}
    for name, service in environments["prod"].services.items():
        assert prod.edges["load-balancer", f"service-{name}"] == str(service.port)
    assert ("cdn", "assets") in prod.edges


def test_who_reaches_the_data_is_what_the_security_groups_say(
    prod: Architecture, environments: Mapping[str, Environment]
) -> None:
    environment = environments["prod"]

    def reach(target: str) -> dict[str, str]:
        return {start: port for (start, end), port in prod.edges.items() if end == target}

    of_database = user_ids(environment, "database", "database-owner") | {"bastion"}
    assert reach("database") == dict.fromkeys(of_database, "5432")
    assert reach("cache") == dict.fromkeys(user_ids(environment, "cache") | {"bastion"}, "6379")
    assert set(reach("objects")) == user_ids(environment, *environment.buckets)
    assert set(reach("secrets")) == user_ids(environment, *environment.secrets)
    assert set(reach("steps")) == {"schedule", *user_ids(environment, *environment.jobs)}


def test_a_rule_that_goes_takes_its_line_with_it(platforms: Mapping[str, Synthesized]) -> None:
    document: dict[str, Any] = copy.deepcopy(dict(platforms["prod"].document))
    rules: dict[str, Any] = document["resource"]["aws_vpc_security_group_ingress_rule"]
    (bastion,) = [name for name in rules if "database" in name and "bastion" in name]
    del rules[bastion]
    assert ("bastion", "database") not in architecture.read(document).edges


def test_the_tiers_show_every_zone(prod: Architecture, platforms: Mapping[str, Synthesized]) -> None:
    zones = {body["availability_zone"] for body in platforms["prod"].resources("aws_subnet").values()}
    assert {f"{prod.region}{letter}" for letter in prod.zones} == zones
    assert prod.nodes["nat"].count == len(zones)


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_environment_can_be_drawn(name: str, platforms: Mapping[str, Synthesized]) -> None:
    drawn = architecture.read(platforms[name].document)
    picture = diagram.draw(drawn)
    root = ET.fromstring(picture)  # noqa: S314 -- our own text
    texts = " ".join(text for text in root.itertext())
    for node in drawn.nodes.values():
        assert node.title in texts


def test_cards_do_not_overlap_and_stay_inside(prod: Architecture) -> None:
    picture = diagram.draw(prod)
    root = ET.fromstring(picture)  # noqa: S314 -- our own text
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    cards = [
        tuple(float(match) for match in found)
        for found in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="86"[^>]*stroke-width', picture)
    ]
    assert len(cards) == len(prod.nodes) + 1  # and the internet
    for index, (left, top, wide) in enumerate(cards):
        assert left + wide < width
        assert top + 86 < height
        for other_left, other_top, _ in cards[index + 1 :]:
            assert abs(left - other_left) >= wide or abs(top - other_top) >= 86


@pytest.mark.parametrize("name", PLATFORMS)
def test_no_line_of_text_is_longer_than_its_card(name: str, platforms: Mapping[str, Synthesized]) -> None:
    picture = diagram.draw(architecture.read(platforms[name].document))
    lines = re.findall(r'class="line">([^<]*)<', picture)
    assert lines
    assert max(map(len, lines)) <= 30
