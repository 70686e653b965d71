"""`python -m tools.diff staging prod`: what differs between two environments' synthesized stacks.

What follows only from an environment's own name and account (adelie-staging-x beside adelie-prod-x) is folded away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stacks import loader
from stacks.environment import Environment
from tools._common import OUT, Json, console, read_stack, run
from tools.summary import families

ABSENT: Final = "(absent)"
LIST_KEYS: Final = ("Sid", "sid", "name", "Name", "id", "rule_id", "key", "field", "path_pattern", "origin_id")
"""What tells the items of a list of blocks apart, so that an inserted one does not shift the comparison of the rest."""


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
    """The value without cdktf's notes, JSON texts opened, the environment's name and account as placeholders."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {_folded(key, environment): normalized(item, environment) for key, item in items if key != "//"}
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


def report(first: str, second: str, difference: Difference, groups: Mapping[str, str], to: Console) -> None:
    """Print the difference: a line that sums it up, then a table a family."""
    changes = sum(len(arguments) for arguments in difference.changed.values())
    to.print(
        f"{first} and {second} differ in {changes} arguments of {len(difference.changed)} resources; "
        f"{len(difference.only_before)} resources are only in {first}, {len(difference.only_after)} only in {second}."
    )
    by_group: dict[str, list[tuple[str, str, str]]] = {}
    for address, row in _rows(difference):
        by_group.setdefault(groups.get(address, "stack"), []).append(row)
    for group in sorted(by_group):
        table = Table(title=group, title_justify="left", title_style="bold", expand=False)
        table.add_column("resource, argument", overflow="fold", ratio=2)
        table.add_column(first, overflow="fold", ratio=1)
        table.add_column(second, overflow="fold", ratio=1)
        for row in by_group[group]:
            table.add_row(*row)
        to.print(table)


def _rows(difference: Difference) -> Iterator[tuple[str, tuple[str, str, str]]]:
    for address in sorted({*difference.only_before, *difference.only_after, *difference.changed}):
        heading = f"[bold]{escape(address)}[/]"
        if address in difference.changed:
            yield address, (heading, "", "")
            for change in difference.changed[address]:
                yield address, (f"  {escape(change.path)}", escape(change.before), escape(change.after))
        else:
            here = address in difference.only_before
            yield address, (heading, "yes" if here else "-", "-" if here else "yes")


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
        if ours.get(path) != theirs.get(path):
            yield Change(path, ours.get(path, ABSENT), theirs.get(path, ABSENT))


def _leaves(value: Json, path: str) -> Iterator[tuple[str, str]]:
    """Each value with its path; a list of plain values is one value, because its items mean something together."""
    if isinstance(value, dict) and value:
        for key, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in cast("list[Any]", value)):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, f"{path}[{index}]")
    elif isinstance(value, list):
        yield path, ", ".join(_text(item) for item in cast("list[Any]", value)) or "[]"
    else:
        yield path, _text(value)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _keyed(items: list[Json]) -> Json:
    """A list of blocks as a mapping by what names them; a single block as itself; any other list as it is."""
    if not items or not all(isinstance(item, dict) for item in items):
        return items
    blocks = cast("list[dict[str, Any]]", items)
    for key in LIST_KEYS:
        names = [block.get(key) for block in blocks]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return {f"[{block[key]}]": {k: v for k, v in block.items() if k != key} for block in blocks}
    return blocks[0] if len(blocks) == 1 else blocks


def _folded(text: str, environment: Environment) -> str:
    if text == environment.name:
        return "{environment}"
    project = re.escape(environment.project)
    text = re.sub(rf"\b({project}[-/]){re.escape(environment.name)}\b", r"\1{environment}", text)
    text = re.sub(rf"\bterraform\.{re.escape(environment.name)}\.tfstate\b", "terraform.{environment}.tfstate", text)
    return re.sub(rf"(?<!\d){environment.account_id}(?!\d)", "{account}", text)


def main(
    first: Annotated[str, typer.Argument(help="An environment, such as staging.")],
    second: Annotated[str, typer.Argument(help="The environment to compare it with, such as prod.")],
) -> None:
    """What differs between two environments' synthesized stacks."""
    show(first, second, OUT, console())


def show(first: str, second: str, out: Path, to: Console) -> None:
    """Compare two environments by name and print what differs."""
    ours, theirs = loader.load(first), loader.load(second)
    before, after = read_stack(first, out), read_stack(second, out)
    difference = compare(normalized(before, ours), normalized(after, theirs))
    report(first, second, difference, {**families(before), **families(after)}, to)


if __name__ == "__main__":
    run(main)
