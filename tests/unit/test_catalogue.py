"""The catalogue and its loader: what is refused, each in one sentence with file and line, and what layers do."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from catalogue import uses
from catalogue.loader import load, load_catalogue
from catalogue.model import Catalogue, Job
from catalogue.schedule import Crontab
from catalogue.settings import Inherited, Settings
from catalogue.yaml_file import SettingsFileError
from stacks import loader
from tools.command import ROOT

CATALOGUE = """\
services:
  web:
    port: 80
    paths: [/*]
    health: {path: /}
    uses: [database, pictures, key, night-report]
jobs:
  night-report:
    schedule: 0 3 * * *
tasks:
  migration:
    image_of: web
    command: [migrate]
    when: before-release
    uses: [database-owner]
database: {engine_version: "18", database_name: shop}
cache: {engine_version: "8.1"}
buckets:
  pictures: {purpose: Pictures}
secrets:
  key: {kind: supplied, environment_variable: API_KEY}
"""


def refusal(folder: Path, old: str, new: str) -> str:
    """The sentence that refuses the catalogue above with `old` replaced."""
    assert old in CATALOGUE
    folder.mkdir(exist_ok=True)
    (folder / "catalogue.yaml").write_text(CATALOGUE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsFileError) as refused:
        load_catalogue(folder)
    return str(refused.value)


def test_the_catalogue_above_is_right(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE, encoding="utf-8")
    assert load_catalogue(tmp_path).services["web"].uses == ("database", "pictures", "key", "night-report")


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        pytest.param(
            "uses: [database, pictures",
            "uses: [database, picturs",
            6,
            "services.web.uses[1] must be something that the catalogue has, but is 'picturs'; did you mean 'pictures'.",
            id="misspelt",
        ),
        pytest.param(
            "uses: [database-owner]",
            "uses: [zzz]",
            15,
            "tasks.migration.uses[0] must be something that the catalogue has, but is 'zzz'; "
            "there are cache, database, database-owner, key, night-report, pictures.",
            id="unknown",
        ),
        pytest.param(
            "uses: [database, pictures",
            "uses: [database, database",
            6,
            "services.web.uses[1] must not name the same again, but is 'database'; remove one of them.",
            id="twice",
        ),
        pytest.param(
            "uses: [database, pictures",
            "uses: [database, database-owner",
            6,
            "services.web.uses[1] must not provide PGHOST, which database sets, but is 'database-owner'; "
            "remove one of the two.",
            id="a-variable-of-two-uses",
        ),
        pytest.param(
            "    uses: [database, pictures",
            "    environment: {PICTURES_BUCKET: mine}\n    uses: [database, pictures",
            7,
            "services.web.uses[1] must not provide PICTURES_BUCKET, which its environment sets, but is 'pictures'; "
            "remove one of the two.",
            id="a-variable-that-is-stated",
        ),
        pytest.param(
            "image_of: web",
            "image_of: wed",
            12,
            "tasks.migration.image_of must be a service, but is 'wed'; use one of: web.",
            id="image-of-no-service",
        ),
        pytest.param(
            "  pictures: {purpose",
            "  web: {purpose",
            19,
            "buckets.web must not be named like one of services, but is 'web'; choose another name.",
            id="one-name-for-two-things",
        ),
        pytest.param(
            "  pictures: {purpose",
            "  cache: {purpose",
            19,
            "buckets.cache must not be named like a part of the platform, but is 'cache'; choose another name.",
            id="a-name-that-uses-has",
        ),
        pytest.param(
            "jobs:\n",
            "  shop:\n    port: 81\n    paths: [/shop/*, /*]\n    health: {path: /}\njobs:\n",
            9,
            "services.shop.paths[1] must not be one of web, but is '/*'; use another path.",
            id="one-path-for-two-services",
        ),
        pytest.param(
            "    port: 80",
            "    cpu_units: 256\n    port: 80",
            3,
            "services.web.cpu_units is an unknown key; remove or correct it: the keys there are assets_path, build, "
            "command, environment, health, linux_capabilities, paths, port, stop_timeout_seconds, user, uses, "
            "writable_paths.",
            id="a-targets-setting",
        ),
        pytest.param(
            "    port: 80\n", "", 2, "services.web.port is missing; state it, because it has no default.", id="missing"
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    old: str, new: str, line: int, complaint: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path / "environments", old, new) == f"environments/catalogue.yaml:{line}: {complaint}"


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("0 18 * *", "must be five fields (minute, hour, day of the month, month, day of the week), but is '0 18 * *'"),
        ("60 18 * * *", "must have a valid minute, but is '60 18 * * *'; replace '60'"),
        ("0 6pm * * *", "must have a valid hour, but is '0 6pm * * *'; replace '6pm'"),
        ("0 18 0 * *", "must have a valid day of the month, but is '0 18 0 * *'; replace '0'"),
        ("0 18 * * 1-5", "must have a valid day of the week, but is '0 18 * * 1-5'; replace '1-5'"),
        ("0 18 1 * MON", "must leave day of the month or day of the week open, but is '0 18 1 * MON'"),
    ],
)
def test_a_schedule_is_five_fields_that_all_targets_read_alike(expression: str, complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter[str](Crontab).validate_python(expression)
    assert complaint in str(refused.value)


@pytest.mark.parametrize("expression", ["*/15 9-18 * * *", "0 18 * * MON-FRI", "30 2 1,15 * *", "0 0 * 1-6/2 SAT,SUN"])
def test_what_cron_takes_is_taken(expression: str) -> None:
    assert TypeAdapter[str](Crontab).validate_python(expression) == expression


def test_what_a_job_sets_follows_from_its_name_unless_it_has_a_prefix() -> None:
    plain = Job.model_validate({"schedule": "0 3 * * *"})
    own = plain.model_copy(update={"variable_prefix": "REPORT"})
    assert [uses.job_prefix("night-report", job) for job in (plain, own)] == ["NIGHT_REPORT", "REPORT"]


class Inner(Settings):
    days: Annotated[int, Inherited()]
    other: int = 0


class Outer(Settings):
    days: int
    one: Inner | None = None


def inherited(tmp_path: Path, **layers: str) -> tuple[Outer, dict[Any, str]]:
    for name, text in layers.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    loaded = load(Outer, tmp_path, [f"{name}.yaml" for name in layers])
    return loaded.settings, {path: f"{source.file.name}:{source.line}" for path, source in loaded.sources.items()}


def test_a_value_is_said_once_at_the_top_and_shown_from_there(tmp_path: Path) -> None:
    settings, sources = inherited(tmp_path, base="one:\n  other: 1\n", own="days: 7\n")
    assert settings.one == Inner(days=7, other=1)
    assert sources["one", "days"] == "own.yaml:1"


def test_a_value_of_its_own_wins_over_the_one_at_the_top(tmp_path: Path) -> None:
    settings, sources = inherited(tmp_path, base="one:\n  days: 30\n", own="days: 7\n")
    assert settings.one == Inner(days=30)
    assert sources["one", "days"] == "base.yaml:2"


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
