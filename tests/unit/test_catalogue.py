"""The catalogue and its loader: what is refused, each in one sentence with file and line, and what layers do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from catalogue import uses
from catalogue.loader import load, load_catalogue
from catalogue.model import Job
from catalogue.schedule import Crontab
from catalogue.settings import Inherited, Settings
from catalogue.yaml_file import SettingsFileError

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
            "paths: [/*]",
            "paths: [/*, /café/*]",
            4,
            """services.web.paths[1] must match ^/[A-Za-z0-9_.$/~"'@:+&*?-]*$, but is '/café/*'; correct it.""",
            id="a-path-that-no-rule-takes",
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
