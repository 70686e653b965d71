"""emulated_provider/schema.json: the schema of provider hashicorp/aws, as far as the stacks use it.

It is read out of cdktf's provider package. Each module there ends in a source map that holds the TypeScript which cdktf
generated from that schema. This says all but `sensitive`, the version of a resource's schema, and a `min_items` or
`max_items` above one. What cdktf gave up as `any`, and ephemeral resources, which it lacks, is kept by hand below.
A pattern that isn't known is an error, never a guess.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import tarfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, cast

from tools.command import ROOT, Json, ToolError, shown

CODE: Final = Path(__file__)
FILE: Final = ROOT / "emulated_provider" / "schema.json"
PACKAGE: Final = "cdktf_cdktf_provider_aws"
PROVIDER: Final = "registry.terraform.io/hashicorp/aws"

SECTIONS: Final = {
    "resource": "resource_schemas",
    "data": "data_source_schemas",
    "ephemeral": "ephemeral_resource_schemas",
}
"""The sections of a stack, and those of the schemas."""

Types = Mapping[str, Collection[str]]
"""The types to describe, by a stack's section."""

LINE_WIDTH: Final = 120
SOURCE_MAP: Final = b"sourceMappingURL=data:application/json;base64,"

DECLARATION: Final = re.compile(r"^export (?:class|interface|function) (\w+).*?^\}$", re.DOTALL | re.MULTILINE)
RESOURCE: Final = re.compile(r"export class (\w+) extends cdktf\.Terraform(?:Resource|DataSource|Provider) \{\n")
COMMENT: Final = re.compile(r"^.*\bcomputed:.*\n", re.MULTILINE)
MEMBER: Final = re.compile(
    r"  // (?P<name>\w+) - "
    r"computed: (?P<computed>true|false), optional: (?P<optional>true|false), required: (?P<required>true|false)\n"
    r"(?:  private _\w+(?:\?: .+| = new (?P<class>[\w.]+)\(this, \"\w+\"(?:, (?P<is_set>true|false))?\)); ?\n)?"
    r"  public get \w+\(\) \{\n"
    r"    return (?P<getter>.+);\n"
)
REQUIRED_ARGUMENT: Final = re.compile(r"^  readonly \w+:.*\n", re.MULTILINE)
ARGUMENTS: Final = re.compile(r" +const attrs = \{\n")
ARGUMENTS_END: Final = re.compile(r" +\};\n")
ARGUMENT: Final = re.compile(
    r" +(?P<name>\w+): \{\n"
    r" +value: (?:struct!\.\w+ === undefined \? null : )?(?P<mapper>.+)\((?:struct!|this)\.\w+(?:\.internalValue)?\),\n"
    r" +isBlock: (?:true|false),\n"
    r" +type: \"(?P<kind>\w+)\",\n"
    r" +storageClassType: \"(?P<storage>\w+)\",\n"
    r" +\},\n"
)
PRIMITIVES: Final = {"string": "string", "number": "number", "boolean": "bool"}
ARGUMENT_TYPES: Final[Mapping[tuple[str, str], Json]] = (
    {("simple", primitive): type_ for primitive, type_ in PRIMITIVES.items()}
    | {("map", f"{primitive}Map"): ["map", type_] for primitive, type_ in PRIMITIVES.items()}
    | {(kind, f"{name}List"): [kind, name] for kind in ("list", "set") for name in ("string", "number")}
)
"""The types of arguments, by what `synthesizeHclAttributes` has as their `type` and `storageClassType`."""

GETTER_TYPES: Final[Mapping[str, Json]] = {
    "this.getStringAttribute('{}')": "string",
    "this.getNumberAttribute('{}')": "number",
    "this.getBooleanAttribute('{}')": "bool",
    "this.getListAttribute('{}')": ["list", "string"],
    "this.getNumberListAttribute('{}')": ["list", "number"],
    "cdktf.Fn.tolist(this.getListAttribute('{}'))": ["set", "string"],
    "cdktf.Token.asNumberList(cdktf.Fn.tolist(this.getNumberListAttribute('{}')))": ["set", "number"],
}
"""The types of read-only attributes, by how they are read."""

CLASS_TYPES: Final[Mapping[str, Json]] = {
    "cdktf.StringMap": ["map", "string"],
    "cdktf.NumberMap": ["map", "number"],
    "cdktf.BooleanMap": ["map", "bool"],
}
"""The types of read-only attributes, by the class that wraps them."""


def random_password_by_hand() -> Json:
    """The ephemeral resource aws_secretsmanager_random_password, as the provider's documentation has it."""
    excluded = [f"exclude_{kind}" for kind in ("lowercase", "numbers", "punctuation", "uppercase")]
    types = {
        **dict.fromkeys([*excluded, "include_space", "require_each_included_type"], "bool"),
        "exclude_characters": "string",
        "password_length": "number",
    }
    attributes: Json = {name: {"optional": True, "type": type_} for name, type_ in types.items()}
    attributes["random_password"] = {"computed": True, "sensitive": True, "type": "string"}
    attributes["region"] = {"computed": True, "optional": True, "type": "string"}
    return {"block": {"attributes": attributes}, "version": 0}


def web_acl_statement_by_hand(source: Source) -> Json:
    """The block `statement` in a rule of aws_wafv2_web_acl, which contains itself: cdktf gave it up as `any`.

    The two statements that our rules make, as the provider's documentation has them, without the blocks that we don't
    use: Terraform refuses those and every other statement by name.
    """
    action = source.block("aws_wafv2_web_acl.rule.action", "Wafv2WebAclRuleAction")
    override = {
        "attributes": {"name": {"required": True, "type": "string"}},
        "block_types": {"action_to_use": {"block": action, "max_items": 1, "min_items": 1, "nesting_mode": "list"}},
    }
    managed_rule_group = {
        "attributes": {
            "name": {"required": True, "type": "string"},
            "vendor_name": {"required": True, "type": "string"},
            "version": {"optional": True, "type": "string"},
        },
        "block_types": {"rule_action_override": {"block": override, "max_items": 100, "nesting_mode": "list"}},
    }
    rate_based = {
        "attributes": {
            "aggregate_key_type": {"optional": True, "type": "string"},
            "evaluation_window_sec": {"optional": True, "type": "number"},
            "limit": {"required": True, "type": "number"},
        }
    }
    statements = {
        "managed_rule_group_statement": {"block": managed_rule_group, "max_items": 1, "nesting_mode": "list"},
        "rate_based_statement": {"block": rate_based, "max_items": 1, "nesting_mode": "list"},
    }
    return {"block": {"block_types": statements}, "max_items": 1, "min_items": 1, "nesting_mode": "list"}


class Source:
    """The TypeScript of one resource or data source, or of the provider."""

    def __init__(self, type_: str, text: str) -> None:
        self._type = type_
        self._text = text
        self._declarations = {match[1]: match.span() for match in DECLARATION.finditer(text)}

    def schema(self) -> Json:
        """Its schema, as `terraform providers schema -json` has it."""
        resource = RESOURCE.search(self._text)
        if resource is None or f'tfResourceType = "{self._type}";' not in self._text:
            raise ToolError(
                f"{PACKAGE} has another type where {self._type} should be; correct `folder` in {shown(CODE)}."
            )
        return {"block": self.block(self._type, resource[1]), "version": 0}

    def block(self, path: str, struct: str) -> Json:
        """The attributes and nested blocks of one of its structs, which is `path` in Terraform."""
        attributes: dict[str, Json] = {}
        blocks: dict[str, Json] = {}
        for name, flags, content in self._members(path, struct):
            if "block" in content:
                blocks[name] = ({"min_items": 1} if "required" in flags else {}) | content
            else:
                write_only = {"write_only": True} if name.endswith("_wo") and flags == {"optional": True} else {}
                attributes[name] = flags | content | write_only
        sections = {"attributes": attributes, "block_types": blocks}
        return {section: members for section, members in sections.items() if members}

    def _members(self, path: str, struct: str) -> Iterator[tuple[str, dict[str, bool], Json]]:
        """Each member's name, its flags and its content: a `type`, or a `block` with its nesting."""
        of_resource = path == self._type
        arguments = self._arguments(path, struct if of_resource else f"{_lower(struct)}ToHclTerraform")
        if path.startswith("aws."):  # the provider's blocks have no classes, for nothing reads them
            if required := REQUIRED_ARGUMENT.search(self._text, *self._span(path, struct)):
                raise self._unknown(path, required.start())
            for name, argument in arguments.items():
                yield name, {"optional": True}, self._argument(f"{path}.{name}", argument)
            return
        start, end = self._span(path, struct if of_resource else f"{struct}OutputReference")
        for comment in COMMENT.finditer(self._text, start, end):
            member = MEMBER.match(self._text, comment.start(), end)
            if member is None:
                raise self._unknown(path, comment.start())
            name, inner = member["name"], f"{path}.{member['name']}"
            argument = arguments.pop(name, None)
            flags = {flag: True for flag in ("computed", "optional", "required") if member[flag] == "true"}
            if (argument is None) != (flags == {"computed": True}):
                raise self._unknown(inner, member.start())
            if inner == "aws.alias":  # an argument of Terraform's, not of the provider's
                continue
            yield name, flags, self._argument(inner, argument) if argument else self._read_only(inner, member)
        for name, argument in arguments.items():
            raise self._unknown(f"{path}.{name}", argument.start())

    def _arguments(self, path: str, declaration: str) -> dict[str, re.Match[str]]:
        """The arguments that a class or function of the TypeScript synthesizes, by name."""
        start, end = self._span(path, declaration)
        begin = ARGUMENTS.search(self._text, start, end)
        if begin is None:
            raise self._unknown(path, start)
        arguments: dict[str, re.Match[str]] = {}
        at = begin.end()
        while argument := ARGUMENT.match(self._text, at, end):
            arguments[argument["name"]] = argument
            at = argument.end()
        if not ARGUMENTS_END.match(self._text, at, end):
            raise self._unknown(path, at)
        return arguments

    def _argument(self, path: str, argument: re.Match[str]) -> Json:
        kind, storage = argument["kind"], argument["storage"]
        if (storage == "any") != (path in BLOCKS_BY_HAND):
            raise self._unknown(path, argument.start("storage"))
        if storage == "any":
            return BLOCKS_BY_HAND[path](self)
        if (kind, storage) in ARGUMENT_TYPES:
            return {"type": ARGUMENT_TYPES[kind, storage]}
        struct = storage.removesuffix("List")
        function = f"{_lower(struct)}ToHclTerraform"
        match argument["mapper"].replace(function, "struct"), kind:
            case "cdktf.listMapperHcl(struct, true)", "list" | "set":
                return {"block": self.block(path, struct), "nesting_mode": kind}
            case "cdktf.listMapperHcl(struct, false)", "list" | "set":
                return {"type": [kind, self._object(path, struct)]}
            case "struct", "list":
                return {"block": self.block(path, struct), "max_items": 1, "nesting_mode": "list"}
            case "struct", "struct" if path.endswith(".timeouts"):
                return {"block": self.block(path, struct), "nesting_mode": "single"}
            case _:
                raise self._unknown(path, argument.start("mapper"))

    def _read_only(self, path: str, member: re.Match[str]) -> Json:
        class_, getter = member["class"], member["getter"].replace(f"'{member['name']}'", "'{}'")
        if class_ is None and getter in GETTER_TYPES:
            return {"type": GETTER_TYPES[getter]}
        if class_ in CLASS_TYPES:
            return {"type": CLASS_TYPES[class_]}
        if class_ is not None and class_.endswith("List") and member["is_set"]:
            kind = "set" if member["is_set"] == "true" else "list"
            return {"type": [kind, self._object(path, class_.removesuffix("List"))]}
        raise self._unknown(path, member.start("getter"))

    def _object(self, path: str, struct: str) -> Json:
        """The type of an object: an attribute, unlike a block, has nothing but types inside."""
        members = {name: content for name, _, content in self._members(path, struct)}
        for name, content in members.items():
            if "block" in content:
                raise self._unknown(f"{path}.{name}", self._span(path, f"{struct}OutputReference")[0])
        return ["object", {name: content["type"] for name, content in members.items()}]

    def _span(self, path: str, declaration: str) -> tuple[int, int]:
        if declaration not in self._declarations:
            raise ToolError(f"{path}: cdktf's TypeScript declares no {declaration}; teach {shown(CODE)} where it is.")
        return self._declarations[declaration]

    def _unknown(self, path: str, at: int) -> ToolError:
        number = self._text.count("\n", 0, at) + 1
        line = self._text.splitlines()[number - 1].strip()
        return ToolError(
            f"{path}: `{line}` (line {number} of cdktf's TypeScript) is not known; teach it to {shown(CODE)}."
        )


BLOCKS_BY_HAND: Final[Mapping[str, Callable[[Source], Json]]] = {
    "aws_wafv2_web_acl.rule.statement": web_acl_statement_by_hand
}
EPHEMERAL_BY_HAND: Final[Mapping[str, Callable[[], Json]]] = {
    "aws_secretsmanager_random_password": random_password_by_hand
}


def types_of(stacks: Collection[Mapping[str, Json]]) -> Types:
    """The types that synthesized stacks use."""
    if not stacks:
        raise ToolError("No stack is synthesized; run `make synth`.")
    return {section: {type_ for stack in stacks for type_ in stack.get(section, {})} for section in SECTIONS}


def read_sources(types: Types) -> dict[str, str]:
    """The TypeScript of the provider and of each type, by the module's folder in cdktf's package."""
    spec = importlib.util.find_spec(PACKAGE)
    package = Path(*spec.submodule_search_locations) if spec and spec.submodule_search_locations else Path()
    archive = next(package.glob("_jsii/*.jsii.tgz"), None)
    if archive is None:
        raise ToolError(f"{PACKAGE} is not installed; run `make setup`.")
    wanted = {folder("provider", "aws")} | {folder(s, type_) for s in ("resource", "data") for type_ in types[s]}
    texts: dict[str, str] = {}
    with tarfile.open(archive) as files:
        for file in files:
            _, _, name, *rest = [*file.name.split("/"), "", ""]
            if "ephemeral" in name:
                raise ToolError(f"{PACKAGE} has ephemeral resources now; read them from there in {shown(CODE)}.")
            if name in wanted and rest[0] == "index.js" and (content := files.extractfile(file)):
                texts[name] = _typescript(name, content.read())
    if missing := wanted - texts.keys():
        raise ToolError(f"{PACKAGE} has no module {', '.join(sorted(missing))}; correct the type's name in the stacks.")
    return texts


def _typescript(module: str, code: bytes) -> str:
    source_map = json.loads(base64.b64decode(code.partition(SOURCE_MAP)[2]) or "{}")
    if not source_map.get("sourcesContent"):
        raise ToolError(f"{PACKAGE}: module {module} has no TypeScript in its source map; pin a version that does.")
    return source_map["sourcesContent"][0]


def folder(section: str, type_: str) -> str:
    """Where cdktf's package has the type: its module's name."""
    if section == "provider":
        return section
    return ("data-aws-" if section == "data" else "") + type_.removeprefix("aws_").replace("_", "-")


def generate(types: Types) -> str:
    """The text of schema.json for these types."""
    if unknown := set(types["ephemeral"]) - EPHEMERAL_BY_HAND.keys():
        raise ToolError(f"cdktf has no ephemeral {', '.join(sorted(unknown))}; write its schema in {shown(CODE)}.")
    texts = read_sources(types)
    schemas: dict[str, Json] = {"provider": Source("aws", texts["provider"]).schema()}
    for section in ("resource", "data"):
        schemas[SECTIONS[section]] = {
            type_: Source(type_, texts[folder(section, type_)]).schema() for type_ in types[section]
        }
    schemas[SECTIONS["ephemeral"]] = {type_: EPHEMERAL_BY_HAND[type_]() for type_ in types["ephemeral"]}
    return _diffable({"format_version": "1.0", "provider_schemas": {PROVIDER: schemas}}) + "\n"


def _diffable(value: Json, indent: str = "") -> str:
    """JSON with sorted keys, on one line if it fits there."""
    line = json.dumps(value, sort_keys=True)
    if len(indent + line) <= LINE_WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + " "
    if isinstance(value, list):
        items = [_diffable(item, inner) for item in cast("list[Json]", value)]
        return f"[\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}]"
    members = sorted(cast("dict[str, Json]", value).items())
    lines = [f"{json.dumps(key)}: {_diffable(item, inner)}" for key, item in members]
    return f"{{\n{inner}" + f",\n{inner}".join(lines) + f"\n{indent}}}"


def _lower(struct: str) -> str:
    return struct[0].lower() + struct[1:]


def write(file: Path, types: Types) -> None:
    """Write the schema of these types."""
    file.write_text(generate(types), encoding="utf-8")


def check(file: Path, types: Types) -> None:
    """Raise ToolError unless `file` is the schema of these types."""
    if not file.exists() or file.read_text(encoding="utf-8") != generate(types):
        raise ToolError(f"{shown(file)} is not the stacks' schema; run `make accept` and commit it.")
