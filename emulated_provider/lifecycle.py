"""Making, reading and removing a resource in the emulator, as its entry in the table says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

import jmespath  # pyright: ignore[reportMissingTypeStubs]
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from emulated_provider import shapes
from emulated_provider.aws import Aws
from emulated_provider.entry import Call, Entry, Lookup, Part, leaves, placeholders, text, whole
from emulated_provider.gaps import Gap
from emulated_provider.reconcile import reconcile, settle
from emulated_provider.stand_ins import STAND_INS
from emulated_provider.table import ENTRIES, LOOKUPS, TAGS
from emulated_provider.values import UNKNOWN, Json, Schema

GONE: Final = re.compile(r"NotFound|NoSuch|NonExist|DoesNotExist|404|Unknown(?!Operation)")
NOT_EMULATED: Final = "not-emulated"
_REPEATS: Final = 2
_TERRAFORM_ONLY: Final = frozenset({"id", "region", "tags", "tags_all", "timeouts"})
_MISSING: Final = object()

Values = Mapping[str, Json]


class ResourceError(Exception):
    """Why the double can't do what Terraform asks."""


class GoneError(ResourceError):
    """The emulator doesn't have the resource."""


class Resources:
    """Every resource type of the table, in one emulated AWS."""

    def __init__(self, aws: Aws, account: str, folder: Path) -> None:
        self._aws = aws
        self._account = account
        self._folder = str(folder)

    def create(self, kind: str, planned: Values, config: Values, schema: Schema) -> dict[str, Json]:
        """Make the resource and read it back. Raises ResourceError."""
        entry = _entry(kind)
        if self._gap(kind).lacks:
            return _left_out(kind, planned)
        values = self._values(entry, {**planned, **{name: config[name] for name in schema.write_only}})
        arguments = {
            name: values[name] for name in schema.arguments - _TERRAFORM_ONLY if values.get(name) not in (None, [])
        }
        answer = self._call(entry, entry.create, values, self._unnamed(kind, entry, arguments))
        values["id"] = text(entry.id, values) if "$" in entry.id else jmespath.search(entry.id, answer)
        if not values["id"]:
            raise ResourceError(f"{self._aws.name} took it and answered no id ({entry.id})")
        try:
            for then in entry.then:
                self._call(entry, then, values)
            if self._gap(kind).stand_in:
                self._stand_in(kind, "make", values)
            found = self._find(entry, values)
            if found is None:
                raise ResourceError(f"{self._aws.name} made it ({values['id']}), but does not show it")
            return self._state(kind, entry, {**planned, "id": values["id"]}, found, schema, created=True)
        except ResourceError:
            self._remove(kind, entry, values)
            raise

    def read(self, kind: str, state: Values, schema: Schema) -> dict[str, Json] | None:
        """The resource as the emulator has it now; None if it is gone. Raises ResourceError."""
        entry = _entry(kind)
        if self._gap(kind).lacks:
            return dict(state)
        found = self._find(entry, self._values(entry, state))
        return None if found is None else self._state(kind, entry, state, found, schema)

    def delete(self, kind: str, state: Values) -> None:
        """Remove the resource; one that is gone already is fine. Raises ResourceError."""
        entry = _entry(kind)
        if not self._gap(kind).lacks:
            self._remove(kind, entry, self._values(entry, state))

    def look_up(self, kind: str, config: Values, schema: Schema) -> dict[str, Json]:
        """What a data source or an ephemeral resource finds. Raises ResourceError."""
        lookup = LOOKUPS.get(kind)
        if lookup is None:
            raise ResourceError("it has no entry in emulated_provider/table/")
        found = self._find(lookup, self._values(lookup, config)) or self._gap(kind).found
        if not found:
            raise ResourceError(f"{self._aws.name} has nothing for {leaves(config)}")
        return self._state(kind, lookup, config, found, schema)

    def _gap(self, kind: str) -> Gap:
        return self._aws.gaps.get(kind, Gap())

    def _values(self, entry: Lookup, state: Values) -> dict[str, Json]:
        known = {name: None if value is UNKNOWN else value for name, value in state.items()}
        further = {"region": known.get("region") or self._aws.region, "account": self._account, "folder": self._folder}
        values = {**known, **further}
        return values | (dict(entry.derive(values)) if isinstance(entry, Entry) else {})

    def _unnamed(self, kind: str, entry: Entry, arguments: Values) -> Values:
        """The arguments that no template names. Raises ResourceError for one that only a part of is named."""
        named = placeholders([entry.create.parameters, *(then.parameters for then in entry.then)])
        tops = {name.split("__")[0] for name in named}
        for leaf in leaves({name: value for name, value in arguments.items() if name in tops}):
            if (
                not any(leaf == name or leaf.startswith(f"{name}__") for name in named)
                and entry.names.get(leaf) != shapes.LOCAL
            ):
                raise ResourceError(
                    f"no call of {kind}'s entry in the table carries the argument {leaf.replace('__', '.')}"
                )
        return {name: value for name, value in arguments.items() if name not in tops}

    def _call(self, entry: Lookup, made: Call, values: Values, arguments: Values | None = None) -> Json:
        client = self._aws.client(entry.service, values["region"])
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[made.operation]).input_shape
        set_here = leaves(values)
        if made.optional and not any(name in set_here for name in placeholders(made.parameters) - {"id"}):
            return None
        try:
            parameters = _filled(dict(made.parameters), shape, {**values, **set_here}, entry.names)
            if arguments is not None and isinstance(entry, Entry):
                _add_arguments(parameters, shape, entry, arguments, values.get("tags_all") or {})
            return _answered(getattr(client, made.operation), parameters)
        except shapes.UnknownArgumentError as error:
            raise ResourceError(f"{made.operation} has no parameter for the argument {error}") from None
        except ClientError as error:
            details = error.response.get("Error", {})
            refused = (
                f"{self._aws.name} refused {error.operation_name}: {details.get('Code')} ({details.get('Message')})"
            )
            gone = GONE.search(str(details.get("Code")))
            if gone and made.may_be_gone:
                return None
            raise (GoneError if gone else ResourceError)(refused) from None
        except BotoCoreError as error:
            raise ResourceError(f"{made.operation}: {' '.join(str(error).split())}") from None

    def _find(self, entry: Lookup, values: Values) -> dict[str, Json] | None:
        found = self._ask(entry, entry.read, values)
        if not found:
            return None
        for part in entry.more:
            found = {**found, **(self._ask(entry, part, values) or {})}
        return found

    def _ask(self, entry: Lookup, part: Part, values: Values) -> Json:
        question, path = part
        try:
            return jmespath.search(text(path, values), self._call(entry, question, values))
        except GoneError:
            return None

    def _stand_in(self, kind: str, what: Literal["make", "show", "remove"], values: Values) -> Values:
        stand_in = STAND_INS[kind]
        return getattr(stand_in, what)(self._aws.client(stand_in.service, values["region"]), values)

    def _remove(self, kind: str, entry: Entry, values: Values) -> None:
        try:
            further = entry.before_delete(self._aws.client(entry.service, values["region"]), values)
            for each in () if self._gap(kind).undeletable else entry.delete:
                self._call(entry, each, {**values, **further})
            if self._gap(kind).stand_in:
                self._stand_in(kind, "remove", values)
        except (GoneError, ClientError) as error:
            if isinstance(error, ClientError) and not GONE.search(str(error.response.get("Error", {}).get("Code"))):
                raise ResourceError(str(error)) from None

    def _state(
        self, kind: str, entry: Lookup, state: Values, found: Values, schema: Schema, *, created: bool = False
    ) -> dict[str, Json]:
        if self._gap(kind).stand_in:
            found = {**found, **self._stand_in(kind, "show", state)}
        answer = shapes.from_api(found, ["object", schema.types], entry.names)
        for name, path in entry.answers.items():
            part = None if path == shapes.LOCAL else jmespath.search(path, found)
            answer[name] = (
                shapes.ABSENT if part is None else shapes.from_api(part, schema.types[name], entry.names, f"{name}.")
            )
        values = self._values(entry, state)
        result: dict[str, Json] = {}
        refused: list[str] = []
        for name in schema.types:
            sent, received = state.get(name), answer[name]
            if name in entry.computed:
                result[name] = text(entry.computed[name], values)
            elif (name in _TERRAFORM_ONLY and isinstance(entry, Entry)) or name in schema.write_only:
                result[name] = sent
            elif sent is None or sent is UNKNOWN or sent == []:
                given = schema.is_computed(name) and received is not shapes.ABSENT
                result[name] = settle(received) if given else schema.empty(name)
            else:
                result[name], differing = self._kept(
                    kind, entry, name, (sent, received, schema.types[name]), created=created
                )
                refused += differing
        if created and refused:
            raise ResourceError(f"{self._aws.name} took it and then shows {'; '.join(refused)}")
        result["region"] = values["region"]
        if result.get("tags_all"):
            result["tags_all"] = self._tags(entry, found, {**values, **result}) or result["tags_all"]
        return {name: result[name] for name in schema.types}

    def _kept(
        self, kind: str, entry: Lookup, name: str, values: tuple[Json, Json, Json], *, created: bool
    ) -> tuple[Json, list[str]]:
        """An argument's value for the state, and where the answer differs from it and may not."""
        sent, received, kind_of_value = values
        unread, differing = self._gap(kind).unread, list[str]()
        borne_out = self._aws.seen[kind]

        def note(path: str, outcome: str, answer: Json) -> None:
            plain = path.removeprefix(".")
            allowed = any(plain == each or plain.startswith(f"{each}.") for each in (*entry.normalized, *unread))
            if outcome == "differs" and not allowed:
                differing.append(f"{plain} = {answer!r}")
            if created and plain not in entry.normalized and entry.names.get(plain) != shapes.LOCAL:
                borne_out[plain] = max(
                    borne_out.get(plain, "confirmed"), outcome, key=("confirmed", "absent", "differs").index
                )

        if received is shapes.ABSENT and name in _asked(entry):
            return sent, []
        kept = reconcile(sent, received, kind_of_value, name, note)
        return (kept if differing else sent), [f"{each} where {sent!r} was sent" for each in differing]

    def _tags(self, entry: Lookup, found: Values, values: Values) -> dict[str, str]:
        given: Json = next((found[name] for name in ("Tags", "tags", "TagList", "TagSet") if found.get(name)), None)
        if given is None and entry.service in TAGS:
            given = self._ask(entry, TAGS[entry.service], {**values, "arn": values.get("arn") or values["id"]})
        return shapes.from_api(given or {}, ["map", "string"], {})


def _entry(kind: str) -> Entry:
    entry = ENTRIES.get(kind)
    if entry is None:
        raise ResourceError("it has no entry in emulated_provider/table/")
    return entry


def _asked(entry: Lookup) -> set[str]:
    """The arguments that the question itself carries, so that an answer need not repeat them."""
    names = placeholders(entry.read[0].parameters)
    return names | (placeholders(entry.id) if isinstance(entry, Entry) else set())


def _left_out(kind: str, planned: Values) -> dict[str, Json]:
    """The state of a resource that the emulator can't have: what was asked for, and an id that shows it."""
    state = {name: None if value is UNKNOWN else value for name, value in planned.items()}
    return {
        **state,
        "id": f"{NOT_EMULATED}-{kind}",
        **({"arn": f"arn:aws:{NOT_EMULATED}:::{kind}"} if "arn" in state else {}),
    }


def _answered(operation: Callable[..., Json], parameters: Mapping[str, Json]) -> Json:
    """The answer. One that can't be read is asked for again: moto's threads may stumble before they do anything."""
    for _ in range(_REPEATS):
        try:
            return operation(**parameters)
        except ResponseParserError:
            continue
    return operation(**parameters)


def _add_arguments(
    parameters: dict[str, Json], shape: shapes.Shape, entry: Entry, arguments: Values, tags: Mapping[str, str]
) -> None:
    """Put the arguments, and the tags where the call takes some, into the parameters."""
    target = parameters
    for part in entry.into.split(".") if entry.into else ():
        target, shape = target.setdefault(part, {}), shape.members[part]
    made = shapes.to_api(dict(arguments), shape, entry.names)
    for name, value in made.items():
        target[name] = {**value, **target[name]} if isinstance(target.get(name), dict) else target.get(name, value)
    name = shapes.member(shape.members, "tags")
    if entry.tagged and tags:
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        target["TagSpecifications"] = [{"ResourceType": entry.tagged, "Tags": pairs}]
    elif name and tags and name not in target:
        target[name] = shapes.to_api(dict(tags), shape.members[name], {})


def _filled(template: Json, shape: shapes.Shape, values: Values, names: Mapping[str, str]) -> Json:
    """A template with its values; _MISSING for what isn't set."""
    if isinstance(template, dict):
        members = shape.members if shape.type_name == "structure" else defaultdict(lambda: shape.value)
        filled = {name: _filled(item, members[name], values, names) for name, item in template.items()}
        return {name: item for name, item in filled.items() if item is not _MISSING}
    if isinstance(template, list):
        return [_filled(item, shape.member, values, names) for item in template if _is_set(item, values)]
    if not isinstance(template, str) or "$" not in template:
        return template
    argument = whole(template)
    if argument is None:
        return text(template, values)
    value = values.get(argument[0])
    return (
        _MISSING
        if value is None or value == []
        else shapes.to_api(value, shape, names, f"{argument[0].replace('__', '.')}.")
    )


def _is_set(item: Json, values: Values) -> bool:
    """Whether a list's element has all its arguments but the optional ones."""
    if isinstance(item, dict):
        return all(_is_set(each, values) for each in item.values())
    if not isinstance(item, str) or "$" not in item:
        return True
    argument = whole(item)
    return argument is None or argument[1] or values.get(argument[0]) not in (None, [])
