"""The catalogue on AWS: what its names become there, and that reading it starts nothing."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from catalogue.loader import load_catalogue
from catalogue.model import Catalogue
from catalogue.yaml_file import SettingsFileError
from stacks import loader
from tools.command import ROOT


@pytest.fixture
def environments(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "environments", tmp_path / "environments"))


def edit(file: Path, old: str, new: str) -> int:
    """Replace `old`; the line where `new` begins."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_a_misspelt_use_is_refused_in_every_target(environments: Path) -> None:
    line = edit(environments / "catalogue.yaml", "uses: [database, cache", "uses: [databse, cache")
    for name in loader.available(environments):
        with pytest.raises(SettingsFileError, match=rf"^environments/catalogue.yaml:{line}: .*mean 'database'\.$"):
            loader.load(name, environments)


def test_only_the_catalogue_says_what_there_is(environments: Path) -> None:
    line = edit(environments / "aws" / "staging.yaml", "  frontend:", "  fronted:")
    with pytest.raises(SettingsFileError) as refused:
        loader.load("staging", environments)
    assert str(refused.value) == (
        f"environments/aws/staging.yaml:{line}: services.fronted is not in the catalogue; describe it in "
        "catalogue.yaml, or correct the name: did you mean 'frontend'."
    )


def test_what_the_catalogue_has_must_be_placed(environments: Path) -> None:
    chat = "services:\n  a-new-one:\n    port: 80\n    paths: [/unheard-of/*]\n    health: {path: /}\n"
    edit(environments / "catalogue.yaml", "services:\n", chat)
    with pytest.raises(SettingsFileError) as refused:
        loader.load("prod", environments)
    assert str(refused.value) == (
        "environments/aws/prod.yaml:1: services.a-new-one lacks cpu_units, memory_mib, min_capacity, max_capacity; "
        "state them, because they have no default (the rest of it is in environments/catalogue.yaml:4)."
    )


@pytest.mark.parametrize(
    ("old", "new", "also", "complaint"),
    [
        (
            "  objects:\n    purpose",
            "  network:\n    purpose",
            {r"buckets:\n  objects:": "buckets:\n  network:", r"\bobjects([,\]])": r"network\1"},
            "buckets.network must not be named like a part of the platform, but is 'network'; rename it",
        ),
        (
            "paths: [/*]",
            "paths: [/*, /api/v2/*]",
            {},
            "services.frontend.paths[1] is never reached, because /api/* of backend-api is asked before it, "
            "but is '/api/v2/*'; give services.frontend a lower listener_priority",
        ),
        (
            "discord-webhook-url:\n    kind",
            "discord:\n    kind",
            {r"(?m)^  discord-webhook-url:": "  discord:", r"([,\[] ?)discord-webhook-url([,\]])": r"\1discord\2"},
            "notifier.webhook must be a secret of the catalogue, but is 'discord-webhook-url'; "
            "use one of: jwt-secret, llm-api-key, discord",
        ),
    ],
    ids=["a-construct-id", "a-path-in-the-shadow", "a-webhook-that-is-no-secret"],
)
def test_what_does_not_fit_on_aws_is_refused(
    old: str, new: str, also: dict[str, str], complaint: str, environments: Path
) -> None:
    edit(environments / "catalogue.yaml", old, new)
    for file in (*(environments / "aws").glob("*.yaml"), environments / "catalogue.yaml"):
        text = file.read_text(encoding="utf-8")
        for was, becomes in also.items():
            text = re.sub(was, becomes, text)
        file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsFileError) as refused:
        loader.load("staging", environments)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    "code", ["import stacks.loader", "import catalogue.loader", "from stacks import loader; loader.load_all()"]
)
def test_reading_an_environment_starts_nothing(code: str) -> None:
    """No process at all, Node first among them: what shows a setting answers at once."""
    watch = (
        "import sys, os\n"
        "def refuse(event, args):\n"
        "    if event in {'subprocess.Popen', 'os.fork', 'os.forkpty', 'os.exec', 'os.posix_spawn', 'os.system'}:\n"
        "        os._exit(3)\n"
        "sys.addaudithook(refuse)\n"
        f"{code}\n"
        "loaded = {'cdktf', 'constructs', 'jsii', 'boto3'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}"}
    done = subprocess.run([sys.executable, "-c", watch], env=path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_catalogue_alone_is_what_every_environment_has() -> None:
    catalogue: Catalogue = load_catalogue(loader.ENVIRONMENTS)
    for environment in loader.load_all():
        for kind, names in catalogue.names.items():
            assert tuple(getattr(environment, kind)) == names


@pytest.mark.parametrize(
    ("kind", "name", "complaint"),
    [
        ("services", "load-balancer", "must not be named like a part of the platform"),
        ("services", "exec", "must not be named like a part of the platform"),
        ("services", "a" * 29, "makes a name that is too long (the name 'prod-"),
        ("jobs", "discord", "must not be named like a part of the platform"),
        ("jobs", "backup", "must not be named like a part of the platform"),
        ("jobs", "database-role", "must not be named like a part of the platform"),
        ("jobs", "service-frontend", "must not be named like a part of the platform"),
        ("jobs", "a" * 43, "makes a name that is too long (the name 'adelie-prod-"),
        ("tasks", "repository-ai-pipeline", "must not be named like a part of the platform"),
        ("tasks", "a" * 43, "makes a name that is too long (the name 'adelie-prod-"),
        ("buckets", "aws", "must not be named like a part of the platform"),
        ("buckets", "secret-jwt-secret", "must not be named like a part of the platform"),
        ("buckets", "a" * 39, "makes a name that is too long (the name 'adelie-prod-"),
        ("secrets", "database-application", "must not be named like a part of the platform"),
        ("secrets", "a" * 110, "makes a name that is too long (the name 'adelie-prod-"),
        (
            "tasks",
            "pipeline-start",
            "must not make the output pipeline_start_command, which tasks.pipeline-start",
        ),
        ("jobs", "pipeline", "must not make the output pipeline_start_command, which jobs.ai-pipeline.variable_prefix"),
    ],
)
def test_two_things_called_the_same_on_aws_or_too_long_are_refused(
    kind: str, name: str, complaint: str, environments: Path
) -> None:
    for file in ("catalogue.yaml", "aws/prod.yaml"):
        values = yaml.safe_load((environments / file).read_text())
        if things := values.get(kind):
            things[name] = copy.deepcopy(things[list(things)[-1]])
            things[name].pop("variable_prefix", None)
            if "paths" in things[name]:
                things[name]["paths"] = ["/another/*"]
        (environments / file).write_text(yaml.safe_dump(values, sort_keys=False))
    edit(environments / "aws" / "base.yaml", "  migration:\n", f"  {name if kind == 'tasks' else 'migration'}:\n")
    if kind == "tasks":
        edit(
            environments / "aws" / "base.yaml", "tasks:\n", "tasks:\n  migration: {cpu_units: 512, memory_mib: 1024}\n"
        )
    with pytest.raises(SettingsFileError) as refused:
        loader.load("prod", environments)
    assert complaint in str(refused.value)
    assert re.match(r"environments/(aws/\w+|catalogue)\.yaml:\d+: ", str(refused.value))


def test_an_action_of_autoscaling_with_a_name_that_is_too_long_is_refused(environments: Path) -> None:
    line = edit(environments / "aws" / "staging.yaml", "        night:\n", f"        {'n' * 120}:\n")
    with pytest.raises(SettingsFileError) as refused:
        loader.load("staging", environments)
    assert str(refused.value).startswith(
        f"environments/aws/staging.yaml:{line}: services.frontend.autoscaling.scheduled.{'n' * 120} makes a name that "
    )
