"""What differs between two environments' synthesized stacks.

What follows only from an environment's own name and account (adelie-staging-x against adelie-prod-x) is folded away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stacks import loader
from stacks.environment import Environment
from tools.command import Json
from tools.inspect.summary import families
from tools.synthesized import read_stack, resources

ABSENT: Final = "(absent)"
LIST_KEYS: Final = (
    "Sid",
    "name",
    "Name",
    "id",
    "rule_id",
    "key",
    "field",
    "origin_id",
    "path_pattern",
    "capacity_provider",
    "containerPath",
)
"""What tells the items of a list of blocks apart, so that an inserted one does not shift the comparison of the rest."""

_NOT_COMPARED: Final = frozenset({"//", "depends_on"})
"""cdktf's notes, and the order of creation, which follows from what refers to what."""

_REFERENCE: Final = re.compile(r"\$\{([a-z0-9_]+\.[A-Za-z0-9_-]+)\.([a-z0-9_.]+)\}")


@dataclass(frozen=True)
class Change:
    """One argument of something that both stacks have."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """What differs between two stacks, by address (`aws_vpc.main`, `provider.aws`)."""

    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    changed: Mapping[str, tuple[Change, ...]]


@dataclass(frozen=True)
class Label:
    """How a resource is called in the report: its family, its type and its path in the tree of constructs."""

    family: str
    type: str
    name: str


def compare(before: Mapping[str, Json], after: Mapping[str, Json]) -> Difference:
    """Compare two stacks that are already normalized."""
    ours, theirs = _blocks(before), _blocks(after)
    changed = {address: tuple(_changes(ours[address], theirs[address])) for address in ours if address in theirs}
    return Difference(
        only_before=tuple(sorted(ours.keys() - theirs.keys())),
        only_after=tuple(sorted(theirs.keys() - ours.keys())),
        changed={address: changes for address, changes in sorted(changed.items()) if changes},
    )


def normalized(value: Json, environment: Environment) -> Json:
    """The value without notes and order, JSON texts opened, the environment's name and account as placeholders."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {
            _folded(key, environment): normalized(item, environment) for key, item in items if key not in _NOT_COMPARED
        }
    if isinstance(value, list):
        return _keyed([normalized(item, environment) for item in cast("list[Any]", value)])
    if not isinstance(value, str):
        return value
    if value[:1] in {"{", "["}:
        try:
            return normalized(json.loads(value), environment)
        except json.JSONDecodeError:
            pass
    return _folded(value, environment)


def report(names: tuple[str, str], difference: Difference, labels: Mapping[str, Label], to: Console) -> None:
    """Print the difference: a line that sums it up, then a table per resource type, by family."""
    first, second = names
    arguments = _count(sum(len(changes) for changes in difference.changed.values()), "argument")
    to.print(
        f"{first} and {second} differ in {arguments} of {_count(len(difference.changed), 'resource')}; "
        f"{len(difference.only_before)} are only in {first}, {len(difference.only_after)} only in {second}."
    )
    tables: dict[tuple[str, str], Table] = {}
    for address in sorted({*difference.only_before, *difference.only_after, *difference.changed}):
        label = labels.get(address, Label("stack", address.partition(".")[0], address.partition(".")[2]))
        table = tables.setdefault((label.family, label.type), _table(label, first, second))
        for row in _rows(address, label, difference, labels):
            table.add_row(*row)
    for key in sorted(tables):
        to.print(tables[key])


def label_of(stack: Mapping[str, Json]) -> dict[str, Label]:
    """How to call each resource of a stack in the report, by address."""
    family = families(stack)
    return {
        one.address: Label(family[one.address], one.type, "/".join(one.path) or one.name) for one in resources(stack)
    }


def _table(label: Label, first: str, second: str) -> Table:
    # Of a fixed width, so that the columns of all tables are aligned.
    table = Table(
        title=f"{label.family}: {label.type}",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        expand=True,
    )
    table.add_column("resource, argument", overflow="fold", ratio=8)
    table.add_column(first, overflow="fold", ratio=5)
    table.add_column(second, overflow="fold", ratio=5)
    return table


def _rows(
    address: str, label: Label, difference: Difference, labels: Mapping[str, Label]
) -> Iterator[tuple[str, str, str]]:
    def readable(reference: re.Match[str]) -> str:
        known = labels.get(reference[1])
        return f"{known.name}.{reference[2]}" if known else reference[0]

    if address not in difference.changed:
        here = address in difference.only_before
        yield escape(label.name), "present" if here else ABSENT, ABSENT if here else "present"
        return
    yield f"[bold]{escape(label.name)}[/]", "", ""
    for change in difference.changed[address]:
        before, after = (escape(_REFERENCE.sub(readable, text)) for text in (change.before, change.after))
        yield f"  {escape(change.path)}", before, after


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _blocks(stack: Mapping[str, Json]) -> dict[str, Json]:
    """Everything a stack declares, by address; resources without a prefix, as Terraform writes them."""
    blocks: dict[str, Json] = {}
    for section, content in stack.items():
        for first, below in content.items():
            if section not in {"resource", "data", "ephemeral"}:
                blocks[f"{section}.{first}"] = below
                continue
            prefix = "" if section == "resource" else f"{section}."
            blocks.update({f"{prefix}{first}.{name}": body for name, body in below.items()})
    return blocks


def _changes(before: Json, after: Json) -> Iterator[Change]:
    ours, theirs = dict(_leaves(before, "")), dict(_leaves(after, ""))
    for path in sorted({*ours, *theirs}):
        if path not in theirs:
            yield Change(path, _text(ours[path]), ABSENT)
        elif path not in ours:
            yield Change(path, ABSENT, _text(theirs[path]))
        elif ours[path] != theirs[path]:
            yield Change(path, *_told_apart(ours[path], theirs[path]))


def _leaves(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    """Each value with its path; a list of plain values is one value, because its items mean something together."""
    if isinstance(value, dict) and value:
        for key, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, f"{path}{key}" if key.startswith("[") else f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in cast("list[Any]", value)):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def _told_apart(before: Json, after: Json) -> tuple[str, str]:
    """Two different values as text; of two lists that share items, only what they don't share."""
    if not isinstance(before, list) or not isinstance(after, list):
        return _text(before), _text(after)
    ours, theirs = cast("list[Any]", before), cast("list[Any]", after)
    alike = [item for item in ours if item in theirs]
    only_ours, only_theirs = [one for one in ours if one not in alike], [one for one in theirs if one not in alike]
    if not alike or not (only_ours or only_theirs):
        return _text(ours), _text(theirs)
    return _text([f"{len(alike)} alike", *only_ours]), _text([f"{len(alike)} alike", *only_theirs])


def _text(value: Json) -> str:
    if isinstance(value, list) and value:
        return ", ".join(_text(item) for item in cast("list[Any]", value))
    return value if isinstance(value, str) else json.dumps(value)


def _keyed(items: list[Json]) -> Json:
    """A list of blocks as a mapping by what names them; any other list as it is."""
    if not items or not all(isinstance(item, dict) for item in items):
        return items
    blocks = cast("list[dict[str, Any]]", items)
    for key in LIST_KEYS:
        names = [block.get(key) for block in blocks]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return {f"[{block[key]}]": {k: v for k, v in block.items() if k != key} for block in blocks}
    return blocks


def _folded(text: str, environment: Environment) -> str:
    if text == environment.name:
        return "{environment}"
    project = re.escape(environment.project)
    text = re.sub(rf"^{re.escape(environment.name)}-", "{environment}-", text)
    text = re.sub(rf"\b({project}[-/]){re.escape(environment.name)}\b", r"\1{environment}", text)
    text = re.sub(rf"\bterraform\.{re.escape(environment.name)}\.tfstate\b", "terraform.{environment}.tfstate", text)
    return re.sub(rf"(?<!\d){environment.account_id}(?!\d)", "{account}", text)


def show(first: str, second: str, out: Path, to: Console) -> None:
    """Compare two environments by name and print what differs."""
    ours, theirs = loader.load(first), loader.load(second)
    before, after = read_stack(first, out), read_stack(second, out)
    difference = compare(normalized(before, ours), normalized(after, theirs))
    report((first, second), difference, {**label_of(before), **label_of(after)}, to)
