"""Reading settings from YAML files that lie over one another: merged, typed, each refusal a sentence with its line.

`load` knows neither the model nor the files: the caller passes both. `load_over_catalogue` adds the catalogue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

from pydantic import ValidationError

from catalogue.complaints import closest, sentence
from catalogue.inheritance import inherit
from catalogue.model import Catalogue
from catalogue.settings import Settings
from catalogue.yaml_file import KeyPath, SettingsFile, SettingsFileError, Source, dotted, read

Model = TypeVar("Model", bound=Settings)

CATALOGUE: Final = "catalogue.yaml"


class Loaded(Generic[Model]):
    """Settings, and where each value that a file states is written; the others are defaults."""

    def __init__(self, settings: Model, sources: Mapping[KeyPath, Source]) -> None:
        self.settings = settings
        self.sources = sources


def load_catalogue(folder: Path) -> Catalogue:
    """`catalogue.yaml` of the folder, by itself. Raises SettingsFileError."""
    return load(Catalogue, folder, [CATALOGUE]).settings


def load_over_catalogue(
    model: type[Model], folder: Path, layers: Sequence[str], given: Mapping[str, Any]
) -> Loaded[Model]:
    """As `load`, with the catalogue as the lowest layer. Raises SettingsFileError.

    The catalogue must be right by itself, and it alone says what there is: a layer that has a service of another name
    is refused.
    """
    names = load_catalogue(folder).names
    return load(model, folder, [CATALOGUE, *layers], given=given, names=names)


def load(
    model: type[Model],
    folder: Path,
    layers: Sequence[str],
    *,
    given: Mapping[str, Any] | None = None,
    names: Mapping[str, Collection[str]] | None = None,
) -> Loaded[Model]:
    """The files of `layers` in `folder`, each over those before it, as a `model`. Raises SettingsFileError.

    Mappings are merged key by key; anything else, lists included, replaces what is below; `null` removes it. What no
    layer states and is marked `Inherited` comes from the top level.

    `given` are values that no file may state. `names` are the only names that a mapping of the top level may have.
    """
    given, names = given or {}, names or {}
    values: dict[str, Any] = {}
    sources: dict[KeyPath, Source] = {}
    for layer in layers:
        document = read(SettingsFile(folder, layer))
        for key in given:
            if (key,) in document.sources:
                raise SettingsFileError(f"{document.sources[key,]}: {key} is the file's name; remove the key.")
        sources[()] = document.sources[()]
        values = _merge(values, document.values, (), sources, document.sources)
    _check_names(values, names, sources)
    own = SettingsFile(folder, layers[-1])
    inherit(model, values, sources)
    try:
        return Loaded(model.model_validate({**given, **values}), sources)
    except ValidationError as error:
        raise SettingsFileError(sentence(error, model, sources, own)) from None


def _check_names(
    values: Mapping[str, Any], names: Mapping[str, Collection[str]], sources: Mapping[KeyPath, Source]
) -> None:
    for kind, known in names.items():
        things: object = values.get(kind)
        if not isinstance(things, dict):
            continue
        for name in cast("dict[str, object]", things):
            if name not in known:
                raise SettingsFileError(
                    f"{sources[kind, name]}: {dotted((kind, name))} is not in the catalogue; describe it in "
                    f"{CATALOGUE}, or correct the name: {closest(name, list(known))}."
                )


def _merge(
    below: dict[str, Any],
    over: dict[str, Any],
    path: KeyPath,
    sources: dict[KeyPath, Source],
    over_sources: Mapping[KeyPath, Source],
) -> dict[str, Any]:
    merged = dict(below)
    for key, value in over.items():
        here = (*path, key)
        lower = below.get(key)
        if isinstance(value, dict) and isinstance(lower, dict):
            sources[here] = over_sources[here]
            merged[key] = _merge(lower, value, here, sources, over_sources)  # pyright: ignore[reportUnknownArgumentType]
            continue
        merged[key] = value
        for stale in [known for known in sources if known[: len(here)] == here]:
            del sources[stale]
        sources.update({known: at for known, at in over_sources.items() if known[: len(here)] == here})
    return merged
