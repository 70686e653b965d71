"""The messages of Terraform's plugin protocol 6: those that `tf` brings, and the later ones for ephemeral resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tf.gen import tfplugin_pb2  # pyright: ignore[reportMissingTypeStubs]

SERVICE: Final = "tfplugin6.Provider"

_Field = descriptor_pb2.FieldDescriptorProto
_DYNAMIC_VALUE: Final = ".tfplugin6.DynamicValue"
_DIAGNOSTIC: Final = ".tfplugin6.Diagnostic"
_Fields = Mapping[str, tuple[int, str]]

_SINCE_6_7: Final[Mapping[str, tuple[_Fields, _Fields]]] = {
    "ValidateEphemeralResourceConfig": (
        {"type_name": (1, ""), "config": (2, _DYNAMIC_VALUE)},
        {"diagnostics": (1, _DIAGNOSTIC)},
    ),
    "OpenEphemeralResource": (
        {"type_name": (1, ""), "config": (2, _DYNAMIC_VALUE)},
        {"diagnostics": (1, _DIAGNOSTIC), "result": (3, _DYNAMIC_VALUE)},
    ),
    "CloseEphemeralResource": ({"type_name": (1, "")}, {"diagnostics": (1, _DIAGNOSTIC)}),
}
"""Protocol 6.7's calls for ephemeral resources: the fields, with their numbers, of each request and response.

Source: tfplugin6.proto of Terraform 1.11. `tf` 1.2 has 6.6.
"""


def _message(name: str) -> Any:  # noqa: ANN401 -- protobuf's classes are made at run time
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"tfplugin6.{name}"))


def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto.FromString(tfplugin_pb2.DESCRIPTOR.serialized_pb)
    nested = {f"{outer.name}.{inner.name}": inner for outer in file.message_type for inner in outer.nested_type}
    nested["Schema.Attribute"].field.add(
        name="write_only", number=11, type=_Field.TYPE_BOOL, label=_Field.LABEL_OPTIONAL
    )
    response = nested["GetProviderSchema.Response"]
    like = next(field for field in response.field if field.name == "data_source_schemas")
    entry = next(message for message in response.nested_type if message.name == "DataSourceSchemasEntry")
    response.nested_type.add().CopyFrom(entry)
    response.nested_type[-1].name = "EphemeralResourceSchemasEntry"
    response.field.add().CopyFrom(like)
    added = response.field[-1]
    added.name, added.number, added.json_name = "ephemeral_resource_schemas", 8, "ephemeralResourceSchemas"
    added.type_name = ".tfplugin6.GetProviderSchema.Response.EphemeralResourceSchemasEntry"
    for name, (request_fields, response_fields) in _SINCE_6_7.items():
        message = file.message_type.add(name=name)
        for part, fields in (("Request", request_fields), ("Response", response_fields)):
            inner = message.nested_type.add(name=part)
            for field, (number, kind) in fields.items():
                inner.field.add(
                    name=field,
                    number=number,
                    type=_Field.TYPE_MESSAGE if kind else _Field.TYPE_STRING,
                    type_name=kind or None,
                    label=_Field.LABEL_REPEATED if kind == _DIAGNOSTIC else _Field.LABEL_OPTIONAL,
                )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # pyright: ignore[reportUnknownMemberType]
    return pool


_POOL: Final = _pool()

CALLS: Final = (
    "GetProviderSchema",
    "ValidateProviderConfig",
    "ValidateResourceConfig",
    "ValidateDataResourceConfig",
    "UpgradeResourceState",
    "ConfigureProvider",
    "ReadResource",
    "PlanResourceChange",
    "ApplyResourceChange",
    "ReadDataSource",
    "StopProvider",
    *_SINCE_6_7,
)
"""The calls that the double answers; Terraform lives without the others."""

REQUEST: Final = {call: _message(f"{call}.Request") for call in CALLS}
RESPONSE: Final = {call: _message(f"{call}.Response") for call in CALLS}
DynamicValue: Final = _message("DynamicValue")
Diagnostic: Final = _message("Diagnostic")
AttributePath: Final = _message("AttributePath")
Schema: Final = _message("Schema")
