"""The environments on AWS: `environments/aws/<name>.yaml` over its base.yaml, over the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from catalogue.loader import load_over_catalogue
from catalogue.settings import Settings
from catalogue.yaml_file import KeyPath, SettingsFile, SettingsFileError, Source
from stacks.environment import Environment

ENVIRONMENTS: Final = Path(__file__).resolve().parent.parent / "environments"
TARGET: Final = "aws"
BASE: Final = "base"


def available(folder: Path = ENVIRONMENTS) -> list[str]:
    """The names of all environments on AWS: every YAML file beside aws/base.yaml."""
    return sorted(path.stem for path in (folder / TARGET).glob("*.yaml") if path.stem != BASE)


def load(name: str, folder: Path = ENVIRONMENTS) -> Environment:
    """The environment `name`: the catalogue, base.yaml over it, `<name>.yaml` over both. Raises SettingsFileError."""
    return load_with_sources(name, folder)[0]


def load_all(folder: Path = ENVIRONMENTS) -> list[Environment]:
    """Every environment, in the order of their names. Raises SettingsFileError if there is none, or one is wrong."""
    names = available(folder)
    if not names:
        raise SettingsFileError(f"{folder.name}/{TARGET} has no environment beside {BASE}.yaml; add <name>.yaml to it.")
    loaded = [load_with_sources(name, folder) for name in names]
    _check_accounts(loaded)
    return [environment for environment, _ in loaded]


def load_with_sources(name: str, folder: Path = ENVIRONMENTS) -> tuple[Environment, Mapping[KeyPath, Source]]:
    """As `load`, with where each value that a file states is written (the others are defaults)."""
    if name not in available(folder):
        known = ", ".join(available(folder)) or "none"
        raise SettingsFileError(f"{_file(name, folder)} does not exist; the environments are: {known}.")
    layers = [f"{TARGET}/{each}.yaml" for each in (BASE, name)]
    loaded = load_over_catalogue(Environment, folder, layers, given={"name": name})
    return loaded.settings, loaded.sources


def _file(name: str, folder: Path) -> SettingsFile:
    return SettingsFile(folder, f"{TARGET}/{name}.yaml")


def _check_accounts(loaded: Sequence[tuple[Environment, Mapping[KeyPath, Source]]]) -> None:
    """An account has one state bucket, and one repository that deploys into it."""
    of_account: dict[str, Environment] = {}
    for environment, sources in loaded:
        other = of_account.setdefault(environment.account_id, environment)
        for key in ("state", "github_repository"):
            value, value_there = getattr(environment, key), getattr(other, key)
            if value != value_there:
                raise SettingsFileError(
                    f"{sources[key,]}: {key} must be that of {other.name} ({_written(value_there)}), which lives "
                    f"in the same account {other.account_id}, but is {_written(value)}; make the two the same."
                )


def _written(value: object) -> str:
    """A value as a file has it, in one line."""
    if isinstance(value, Settings):
        return ", ".join(f"{key}: {each}" for key, each in value)
    return str(value)
