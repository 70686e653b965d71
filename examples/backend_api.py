"""What backend-api would do on its first morning: find its configuration, read its secrets, use its bucket.

It starts from the stack's outputs, and finds AWS as any application does: boto3 and a few environment variables.

    export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_DEFAULT_REGION=ap-northeast-2
    export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    terraform -chdir=cdktf.out/stacks/localstack output -json | python examples/backend_api.py

The outputs may also be in a file, named as the only argument. It writes (and deletes) an object, so it talks to an
emulated AWS on this machine only. It ends with exit code 1 if anything is missing that the container needs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)
from botocore.parsers import ResponseParserError
from rich.console import Console
from rich.table import Table

SERVICE: Final = "backend-api"
VARIABLES: Final = {"OBJECTS_BUCKET": "objects_bucket", "PGHOST": "database_endpoint", "REDIS_HOST": "cache_endpoint"}
"""What the container has from the stack, and the output that says the same."""
LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1", "localhost.localstack.cloud")
SECRET_ARN_PARTS: Final = 7
"""Between colons; in a task definition's `valueFrom`, the key of a JSON document may follow."""


class SetupError(Exception):
    """Why the application can't go on; its text is one sentence with the fix."""


def read_outputs(arguments: list[str]) -> dict[str, str]:
    """The stack's outputs, as `terraform output -json` prints them: from the file named, or from the pipe."""
    if len(arguments) > 1 or (not arguments and sys.stdin.isatty()):
        raise SetupError("Name one file with what `terraform output -json` prints, or pipe it here.")
    try:
        text = Path(arguments[0]).read_text(encoding="utf-8") if arguments else sys.stdin.read()
        outputs = {name: output["value"] for name, output in json.loads(text).items()}
    except OSError as error:
        raise SetupError(f"{arguments[0]} can't be read ({error.strerror}); name the file with the outputs.") from None
    except (ValueError, AttributeError, LookupError, TypeError):
        raise SetupError(
            "That is not what `terraform output -json` prints; run `make up`, then pipe it here."
        ) from None
    if missing := {"cluster_name", "cdn_domain_name", *VARIABLES.values()} - outputs.keys():
        raise SetupError(f"There is no output {min(missing)}, so nothing is deployed; run `make up` first.")
    return outputs


def aws(service: str) -> Any:  # noqa: ANN401 -- boto3's clients are made at run time
    """A client of an AWS service, if boto3 finds it on this machine."""
    # ECS and AWS's other libraries call it AWS_REGION; boto3 itself reads AWS_DEFAULT_REGION only.
    region, config = os.environ.get("AWS_REGION"), Config(proxies={}, retries={"total_max_attempts": 2})
    try:
        client = cast("Any", boto3).client(service, region_name=region, config=config)
    except ValueError as error:
        raise SetupError(f"{error}; set AWS_ENDPOINT_URL to the emulator, such as http://127.0.0.1:4566.") from None
    if urlsplit(str(client.meta.endpoint_url)).hostname not in LOCAL_HOSTS:
        raise SetupError(
            f"This writes, and {client.meta.endpoint_url} is not on this machine; "
            f"set AWS_ENDPOINT_URL to the emulator, such as http://127.0.0.1:4566."
        )
    return client


def find_container(cluster: str) -> dict[str, Any]:
    """The container that the service runs, as its task definition describes it."""
    ecs = aws("ecs")
    pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
    service = next((arn for page in pages for arn in page["serviceArns"] if arn.endswith(f"-{SERVICE}")), None)
    if service is None:
        raise SetupError(f"The cluster {cluster} has no service {SERVICE}; run `make up` again.")
    definition = ecs.describe_services(cluster=cluster, services=[service])["services"][0]["taskDefinition"]
    containers = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"]
    return next(container for container in containers if container["name"] == SERVICE)


def read_secret(value_from: str) -> str | None:
    """What ECS puts into the variable; None if the secret has no value yet."""
    manager, parts = aws("secretsmanager"), value_from.split(":")
    arn, keys = ":".join(parts[:SECRET_ARN_PARTS]), parts[SECRET_ARN_PARTS:]
    try:
        # AWS refuses where there is no value; MiniStack answers without one.
        value: str | None = manager.get_secret_value(SecretId=arn).get("SecretString")
    except manager.exceptions.ResourceNotFoundException:
        return None
    return json.loads(value).get(keys[0]) if value and keys else value


def how_to_set(value_from: str) -> str:
    """The command that gives the secret a value, out of its name: `<project>/<environment>/<name>`, RDS's own apart."""
    match value_from.split(":")[SECRET_ARN_PARTS - 1].rpartition("-")[0].split("/"):
        case [_, environment, name]:
            return f"set it with `make secret ENV={environment} NAME={name}`"
        case _:
            return "run `make up` again"


def use_bucket(bucket: str) -> None:
    """Write an object, read it back and delete it. Raises SetupError unless it came back whole and was encrypted."""
    s3, key, body = aws("s3"), f"examples/{uuid4()}.txt", b"an application was here"
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/plain")
    try:
        stored = s3.get_object(Bucket=bucket, Key=key)
        whole, encryption = stored["Body"].read() == body, stored.get("ServerSideEncryption")
    finally:
        s3.delete_object(Bucket=bucket, Key=key)
    if not whole or encryption != "aws:kms":
        what = f"with the encryption {encryption}, not aws:kms" if whole else "changed"
        raise SetupError(f"An object came back from {bucket} {what}; run `make up` again.")


def show(outputs: Mapping[str, str]) -> list[str]:
    """Print what the container has and that its bucket works; return a sentence for each secret without a value."""
    container, without_value = find_container(outputs["cluster_name"]), list[str]()
    environment = {variable["name"]: variable["value"] for variable in container["environment"]}
    for variable, output in VARIABLES.items():
        if environment.get(variable) != outputs[output]:
            raise SetupError(
                f"{SERVICE} has another {variable} than the output {output}; run `make up`, then pipe them again."
            )
    table = Table("variable")
    table.add_column("value", overflow="fold")
    for name, value in environment.items():
        table.add_row(name, value)
    for variable in container["secrets"]:
        name, value_from = variable["name"], variable["valueFrom"]
        value = read_secret(value_from)
        table.add_row(name, f"secret, {len(value)} characters" if value else "secret without a value")
        if not value:
            without_value.append(f"{name} has no value; {how_to_set(value_from)}.")
    console = Console(highlight=False, markup=False, emoji=False)  # an ARN's `:secret:` is an emoji to rich
    console.print(container["image"], soft_wrap=True)
    console.print(table)
    use_bucket(environment["OBJECTS_BUCKET"])
    console.print("An object was written to the bucket, read back (aws:kms) and deleted.")
    console.print(f"Users come in at https://{outputs['cdn_domain_name']}.", soft_wrap=True)
    return without_value


def main(arguments: list[str]) -> None:
    """Show the application's view of the platform; what is wrong becomes a sentence on stderr and exit code 1."""
    try:
        without_value = show(read_outputs(arguments))
    except SetupError as error:
        sys.exit(str(error))
    except (EndpointConnectionError, ConnectTimeoutError, HTTPClientError) as error:
        sys.exit(f"{error.kwargs.get('endpoint_url', 'AWS')} does not answer; start the emulator with `make up`.")
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        why = " ".join(str(error).split()).rstrip(".")
        sys.exit(f"{why}; run `make up`, and set what examples/backend_api.py begins with.")
    if without_value:
        sys.exit("\n".join(without_value))


if __name__ == "__main__":
    main(sys.argv[1:])
