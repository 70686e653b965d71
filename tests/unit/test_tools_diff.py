from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from stacks.environment import Environment
from tests.support import Synthesized
from tools.command_line import main
from tools.inspect import diff
from tools.inspect.diff import ABSENT, Change


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What is reported about one resource with these arguments."""
    difference = diff.compare({"resource": {"aws_x": {"y": before}}}, {"resource": {"aws_x": {"y": after}}})
    return difference.changed.get("aws_x.y", ())


def _out(directory: Path, documents: Mapping[str, Any]) -> Path:
    for name, document in documents.items():
        file = directory / "stacks" / name / "cdk.tf.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(document))
    return directory


def _shown(out: Path, first: str, second: str, width: int = 80) -> str:
    to = Console(file=io.StringIO(), width=width)
    diff.show(first, second, out, to)
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


@pytest.fixture(scope="module")
def out(platforms: Mapping[str, Synthesized], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _out(tmp_path_factory.mktemp("out"), {name: platform.document for name, platform in platforms.items()})


def test_a_changed_argument_is_reported_by_its_path() -> None:
    changes = _changes({"a": {"b": [{"c": 1}]}, "same": 1}, {"a": {"b": [{"c": 2}]}, "same": 1})
    assert changes == (Change("a.b[0].c", "1", "2"),)


def test_an_argument_that_one_lacks_is_absent_there() -> None:
    assert _changes({"a": True}, {"b": None}) == (Change("a", "true", ABSENT), Change("b", ABSENT, "null"))


def test_of_lists_that_share_items_only_the_others_are_shown() -> None:
    assert _changes({"subnets": ["a", "c"]}, {"subnets": ["a", "b", "c"]}) == (
        Change("subnets", "2 alike", "2 alike, b"),
    )


def test_another_order_of_a_list_is_a_difference() -> None:
    assert _changes({"order": ["a", "b"]}, {"order": ["b", "a"]}) == (Change("order", "a, b", "b, a"),)


def test_resources_and_data_only_in_one_are_listed() -> None:
    difference = diff.compare(
        {"resource": {"aws_vpc": {"a": {}, "b": {}}}},
        {"resource": {"aws_vpc": {"a": {}}}, "data": {"aws_ami": {"c": {}}}},
    )
    assert (difference.only_before, difference.only_after) == (("aws_vpc.b",), ("data.aws_ami.c",))


def test_policies_are_compared_by_statement_and_containers_by_variable(environments: Mapping[str, Environment]) -> None:
    def body(*, sids: list[str], level: str) -> dict[str, str]:
        statements = [{"Sid": sid, "Action": ["s3:GetObject"]} for sid in sids]
        container = {"name": "app", "environment": [{"name": "LEVEL", "value": level}]}
        return {"policy": json.dumps({"Statement": statements}), "container_definitions": json.dumps([container])}

    prod = environments["prod"]
    changes = _changes(
        diff.normalized(body(sids=["Read"], level="info"), prod),
        diff.normalized(body(sids=["First", "Read"], level="debug"), prod),
    )
    assert changes == (
        Change("container_definitions[app].environment[LEVEL].value", "info", "debug"),
        Change("policy.Statement[First].Action", ABSENT, "s3:GetObject"),
    )


@pytest.mark.parametrize(
    "written",
    [
        "{0}-{1}-edge",
        "{0}/{1}/jwt-secret",
        "/ecs/{0}-{1}/frontend",
        "arn:aws:iam::{2}:role/{0}-{1}-x",
        "{0}/{1}.tfstate",
        "{1}",
        "{1}-backend-api-8000",
        "{0}-{1}-objects-{2}",
    ],
)
def test_what_follows_from_name_and_account_is_folded_away(
    written: str, environments: Mapping[str, Environment]
) -> None:
    one, other = (
        diff.normalized(written.format(one.project, one.name, one.account_id), one)
        for one in (environments["staging"], environments["prod"])
    )
    assert one == other


@pytest.mark.parametrize("value", ["adelie-production", "10.20.0.0/16", "prod.example.com", "db.m7g.large"])
def test_other_values_are_shown_as_they_are(value: str, environments: Mapping[str, Environment]) -> None:
    assert diff.normalized(value, environments["prod"]) == value


def test_an_environment_does_not_differ_from_itself(out: Path) -> None:
    assert _shown(out, "prod", "prod") == (
        "prod and prod differ in 0 arguments of 0 resources; 0 are only in prod, 0 only \nin prod.\n"
    )


def test_one_stack_under_another_name_does_not_differ(platforms: Mapping[str, Synthesized], tmp_path: Path) -> None:
    """Renaming is all that `prod` and this `staging` differ in."""
    text = json.dumps(platforms["prod"].document)
    renamed = text.replace("222222222222", "111111111111").replace("adelie-prod", "adelie-staging")
    renamed = (
        renamed.replace("adelie/prod", "adelie/staging").replace('"prod"', '"staging"').replace('"prod-', '"staging-')
    )
    out = _out(tmp_path, {"prod": json.loads(text), "staging": json.loads(renamed)})
    assert "differ in 0 arguments" in _shown(out, "staging", "prod")


def test_staging_and_prod_differ_in_what_a_reviewer_looks_for(out: Path) -> None:
    text = _shown(out, "staging", "prod")
    assert text.startswith("staging and prod differ in ")
    rows = [line.split() for line in text.splitlines()]
    assert ["multi_az", "false", "true"] in rows
    assert ["network/nat-b", ABSENT, "present"] in rows
    assert "database: aws_db_instance" in text
    assert "{environment}-database" not in "".join(line for line in text.splitlines() if "identifier  " in line)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_it_fits_the_terminal(out: Path, width: int) -> None:
    text = _shown(out, "staging", "prod", width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text


def test_a_wrong_name_is_one_sentence() -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["diff", "staging", "nowhere"])
    assert isinstance(exit_.value.code, str)
    assert exit_.value.code.startswith("environments/aws/nowhere.yaml does not exist; the environments are: ")
