"""What Terraform asks a provider, answered: schemas, plans, and the changes in the emulator."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import grpc  # pyright: ignore[reportMissingTypeStubs]

from emulated_provider import gaps, messages
from emulated_provider.aws import Aws, Clients
from emulated_provider.lifecycle import ResourceError, Resources
from emulated_provider.table import BOTO3_NAMES
from emulated_provider.values import UNKNOWN, Block, Json, Schema, attribute_type, decode, encode, is_known

ADDRESS: Final = "registry.terraform.io/hashicorp/aws"
SCHEMA_FILE: Final = Path(__file__).with_name("schema.json")
DUMMY_KEY: Final = re.compile(r"test|testing|\d{12}")
"""What may stand as an access key: no real one looks like this (real ones begin with AKIA or ASIA)."""
_FLAGS: Final = ("required", "optional", "computed", "write_only", "sensitive")
SENSITIVE: Final[Mapping[str, tuple[str, ...]]] = {
    "aws_acm_certificate": ("private_key",),
    "aws_db_instance": ("password", "password_wo"),
    "aws_elasticache_replication_group": ("auth_token",),
    "aws_elasticache_user": ("passwords",),
    "aws_secretsmanager_random_password": ("random_password",),
    "aws_secretsmanager_secret_version": ("secret_binary", "secret_string", "secret_string_wo"),
    "aws_ssm_parameter": ("value",),
}
"""Attributes that no output may show unmarked (provider 5.100's own schema); cdktf's bindings don't say so."""
_NESTING: Final = {"single": 1, "list": 2, "set": 3, "map": 4}
_REPLACED: Final = "A changed argument replaces the resource here; the real provider may update it in place."

Request = Any
Response = Any


class Provider:
    """One attached provider. `seen` gathers, by type and argument, what the emulator's answers bore out."""

    def __init__(self, emulator: str, endpoint_url: str | None = None, *, folder: Path | None = None) -> None:
        self.seen: dict[str, dict[str, str]] = defaultdict(dict)
        self._emulator = emulator
        self._endpoint_url = endpoint_url
        self._folder = folder or Path()
        self._clients = Clients()
        self._gaps = gaps.load(emulator)
        document = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))["provider_schemas"][ADDRESS]
        self._document: Mapping[str, Json] = document
        for kind, names in SENSITIVE.items():
            for section in document.values():
                attributes = section.get(kind, {}).get("block", {}).get("attributes", {})
                for name in attributes.keys() & set(names):
                    attributes[name]["sensitive"] = True
        self._schemas = {
            section: {kind: Schema(schema["block"]) for kind, schema in document[section].items()}
            for section in ("resource_schemas", "data_source_schemas", "ephemeral_resource_schemas")
        }
        self._default_tags: Mapping[str, str] = {}
        self._region = ""
        self._resources: Resources

    def lacks(self, resource_type: str) -> str:
        """What the emulator would need for a type, if it lacks it."""
        return self._gaps.get(resource_type, gaps.Gap()).lacks

    def handlers(self) -> grpc.GenericRpcHandler:
        """The calls of the protocol, each answered by the method of its name; nothing is to be done for the others."""
        return grpc.method_handlers_generic_handler(
            messages.SERVICE,
            {
                call: grpc.unary_unary_rpc_method_handler(
                    _answering(getattr(self, _snake(call), _nothing), messages.RESPONSE[call]),
                    request_deserializer=messages.REQUEST[call].FromString,
                    response_serializer=messages.RESPONSE[call].SerializeToString,
                )
                for call in messages.CALLS
            },
        )

    def get_provider_schema(self, _request: Request, response: Response) -> None:
        """Every type's schema."""
        response.provider.CopyFrom(_schema(self._document["provider"]))
        for section in self._schemas:
            for kind, schema in self._document[section].items():
                getattr(response, section)[kind].CopyFrom(_schema(schema))

    def upgrade_resource_state(self, request: Request, response: Response) -> None:
        """The state as it was written: there is one version only."""
        state = json.loads(request.raw_state.json)
        schema = self._schemas["resource_schemas"][request.type_name]
        response.upgraded_state.msgpack = encode({name: state.get(name, schema.empty(name)) for name in schema.types})

    def configure_provider(self, request: Request, _response: Response) -> None:
        """Take region, endpoints and tags; refuse what could reach a real account."""
        config = decode(request.config.msgpack)
        self._region = config["region"] or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
        if not self._region:
            raise ResourceError("the provider block has no region; give it one, or set AWS_REGION")
        key = config["access_key"] or os.environ.get("AWS_ACCESS_KEY_ID", "test")
        if not DUMMY_KEY.fullmatch(key):
            raise ResourceError("the access key isn't a dummy one; this provider is for emulators: use `test`")
        self._default_tags = {
            name: value for block in config["default_tags"] or () for name, value in (block["tags"] or {}).items()
        }
        given = [(str(name), str(url)) for block in config["endpoints"] for name, url in block.items() if url]
        endpoints = {BOTO3_NAMES.get(name, name): url for name, url in given}
        for url in filter(None, (*endpoints.values(), self._endpoint_url)):
            _require_local(url)
        aws = Aws(
            name=self._emulator,
            region=self._region,
            endpoint_of=lambda service: self._endpoint(service, endpoints),
            access_key=key,
            gaps=self._gaps,
            seen=self.seen,
            clients=self._clients,
        )
        account, allowed = aws.account(), config["allowed_account_ids"]
        if allowed and account not in allowed:
            raise ResourceError(f"the emulated account is {account}; allowed_account_ids has {', '.join(allowed)}")
        self._resources = Resources(aws, account, self._folder)

    def plan_resource_change(self, request: Request, response: Response) -> None:
        """What is known of the resource; a changed argument replaces it."""
        prior, proposed = decode(request.prior_state.msgpack), decode(request.proposed_new_state.msgpack)
        if proposed is None:
            response.planned_state.msgpack = encode(None)
            return
        schema = self._schemas["resource_schemas"][request.type_name]
        proposed["tags_all"] = self._all_tags(proposed.get("tags"))
        planned = {name: _planned(name, proposed.get(name), schema, self._region) for name in schema.types}
        config = decode(request.config.msgpack)
        changed = [
            name
            for name in schema.arguments
            if prior
            and (config[name] not in (None, []) or not schema.is_computed(name) or name == "tags_all")
            and planned[name] != prior[name]
        ]
        if prior and not changed:
            planned = prior
        elif prior:
            for name in schema.types:
                if schema.is_computed(name) and config[name] is None and name not in ("region", "tags_all"):
                    planned[name] = UNKNOWN
            for name in changed:
                response.requires_replace.add().steps.add(attribute_name=name)
            response.diagnostics.add(severity=2, summary=f"{request.type_name} is replaced", detail=_REPLACED)
        response.planned_state.msgpack = encode(planned)

    def apply_resource_change(self, request: Request, response: Response) -> None:
        """Make or remove the resource."""
        kind, planned = request.type_name, decode(request.planned_state.msgpack)
        if planned is None:
            self._resources.delete(kind, decode(request.prior_state.msgpack))
            response.new_state.msgpack = encode(None)
            return
        lacking = self.lacks(kind)
        if lacking:
            summary = f"Left out: {self._emulator} has no {lacking}"
            response.diagnostics.add(severity=2, summary=summary, detail=f"{kind} exists in Terraform's state only.")
        schema = self._schemas["resource_schemas"][kind]
        made = self._resources.create(kind, planned, decode(request.config.msgpack), schema)
        response.new_state.msgpack = encode(made)

    def read_resource(self, request: Request, response: Response) -> None:
        """The resource as the emulator has it."""
        state = decode(request.current_state.msgpack)
        schema = self._schemas["resource_schemas"][request.type_name]
        response.new_state.msgpack = encode(self._resources.read(request.type_name, state, schema))

    def read_data_source(self, request: Request, response: Response) -> None:
        """What the data source finds."""
        schema = self._schemas["data_source_schemas"][request.type_name]
        found = self._resources.look_up(request.type_name, decode(request.config.msgpack), schema)
        response.state.msgpack = encode(found)

    def open_ephemeral_resource(self, request: Request, response: Response) -> None:
        """A value that no state keeps."""
        schema = self._schemas["ephemeral_resource_schemas"][request.type_name]
        found = self._resources.look_up(request.type_name, decode(request.config.msgpack), schema)
        response.result.msgpack = encode(found)

    def _all_tags(self, tags: Json) -> Json:
        if tags is not None and not is_known(tags):
            return UNKNOWN
        return {**self._default_tags, **(tags or {})}

    def _endpoint(self, service: str, endpoints: Mapping[str, str]) -> str:
        url = endpoints.get(service) or self._endpoint_url
        if url is None:
            raise ResourceError(
                f"the provider block has no endpoint for {service}; this provider never calls AWS itself"
            )
        return url


def _planned(name: str, proposed: Json, schema: Schema, region: str) -> Json:
    """An attribute's planned value: what is left to AWS at the top level is unknown; inside blocks it stays null."""
    if name == "region":
        return proposed or region
    if name in schema.write_only:
        return None
    return UNKNOWN if proposed is None and schema.is_computed(name) else proposed


def _require_local(url: str) -> None:
    host = urlsplit(url).hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = f".{host}".endswith((".localhost", ".localhost.localstack.cloud"))
    if not local:
        raise ResourceError(f"the endpoint {url} isn't on this machine; this provider is for emulators only")


def _answering(method: Callable[[Request, Response], None], response_class: Any) -> Callable[..., Response]:  # noqa: ANN401
    """The method as gRPC calls it; what it can't do becomes one of Terraform's diagnostics."""

    def answer(request: Request, _context: object) -> Response:
        response = response_class()
        try:
            method(request, response)
        except Exception as error:  # noqa: BLE001 -- whatever it is, Terraform must show it
            kind = getattr(request, "type_name", "provider")
            why = str(error) if isinstance(error, ResourceError) else f"{type(error).__name__}: {error}"
            response.diagnostics.add(severity=1, summary=f"{kind}: {why}")
        return response

    return answer


def _nothing(_request: Request, _response: Response) -> None:
    """Validate (beyond the schema, which Terraform core does), close, stop."""


def _snake(call: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", call).lower()


def _schema(schema: Block) -> Json:
    return messages.Schema(version=schema.get("version", 0), block=_block(schema["block"]))


def _block(block: Block) -> Json:
    return messages.Schema.Block(
        attributes=[_attribute(name, each) for name, each in block.get("attributes", {}).items()],
        block_types=[
            messages.Schema.NestedBlock(
                type_name=name,
                block=_block(nested["block"]),
                nesting=_NESTING[nested["nesting_mode"]],
                min_items=nested.get("min_items", 0),
                max_items=nested.get("max_items", 0),
            )
            for name, nested in block.get("block_types", {}).items()
        ],
    )


def _attribute(name: str, attribute: Block) -> Json:
    flags = {flag: attribute.get(flag, False) for flag in _FLAGS}
    return messages.Schema.Attribute(name=name, type=json.dumps(attribute_type(attribute)).encode(), **flags)


@contextmanager
def attached(provider: Provider) -> Iterator[Mapping[str, str]]:
    """Serve the provider on a socket of this machine; the environment variable that makes Terraform attach to it."""
    with tempfile.TemporaryDirectory(prefix="aws-double-") as folder:
        socket = f"{folder}/provider"
        server = grpc.server(ThreadPoolExecutor(max_workers=16))
        server.add_generic_rpc_handlers((provider.handlers(),))
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        address = {"Network": "unix", "String": socket}
        reattach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
        try:
            yield {"TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: reattach})}
        finally:
            server.stop(grace=None).wait()
