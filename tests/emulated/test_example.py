"""The example application, run against what was deployed: it finds its configuration, and shows nothing secret."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import pytest

from tests.emulated.conftest import EVERY
from tests.emulated.deployment import IMAGE_TAG, Deployment
from tools.command import ROOT
from tools.emulated.kinds import Kind

SUPPLIED = "an API key of somebody"
OUTPUTS: Mapping[str, object] = dict.fromkeys(
    ("cache_endpoint", "cdn_domain_name", "cluster_name", "database_endpoint", "objects_bucket"), "adelie"
)
LOCALSTACK = pytest.mark.parametrize(
    "deployment", [each for each in EVERY if str(each.id).startswith("localstack-")], indirect=True
)


def run(outputs: Mapping[str, object], **environment: str) -> subprocess.CompletedProcess[str]:
    """The example, with `outputs` in its pipe and nothing of this machine's environment."""
    return subprocess.run(
        [sys.executable, ROOT / "examples" / "backend_api.py"],
        input=json.dumps({name: {"value": value} for name, value in outputs.items()}),
        env={
            "COLUMNS": "200",
            "AWS_DEFAULT_REGION": "ap-northeast-2",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def rows(printed: str) -> dict[str, str]:
    """The table's variables and their values."""
    cells = [line.split("│") for line in printed.splitlines() if line.startswith("│")]
    return {variable.strip(): value.strip() for _, variable, value, _ in cells}


@contextmanager
def writable(deployment: Deployment) -> Generator[None]:
    """The objects bucket can be written: moto applies a Deny whatever its condition, so there it has no policy.

    Fails when moto has learnt to look at conditions.
    """
    if deployment.emulator.kind is not Kind.MOTO:
        yield
        return
    s3, bucket = deployment.client("s3"), deployment.outputs["objects_bucket"]
    refused = run(deployment.outputs, AWS_ENDPOINT_URL=deployment.emulator.endpoint_url)
    assert "(403) when calling the PutObject operation" in refused.stderr
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    try:
        yield
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)


@pytest.mark.last
@LOCALSTACK
def test_the_application_finds_its_configuration_and_uses_its_bucket(deployment: Deployment) -> None:
    secrets, outputs = deployment.client("secretsmanager"), deployment.outputs
    with writable(deployment):
        at_first = run(outputs, AWS_ENDPOINT_URL=deployment.emulator.endpoint_url)
        secrets.put_secret_value(SecretId="adelie/localstack/llm-api-key", SecretString=SUPPLIED)
        done = run(outputs, AWS_ENDPOINT_URL=deployment.emulator.endpoint_url)
        left = deployment.client("s3").list_objects_v2(Bucket=outputs["objects_bucket"])["KeyCount"]

    assert at_first.returncode == 1
    assert at_first.stderr == "LLM_API_KEY has no value; set it with `make secret ENV=localstack NAME=llm-api-key`.\n"
    assert "read back (aws:kms) and deleted" in at_first.stdout

    assert (done.returncode, done.stderr) == (0, "")
    found = rows(done.stdout)
    assert found["OBJECTS_BUCKET"] == outputs["objects_bucket"]
    assert found["PGHOST"] == outputs["database_endpoint"]
    assert "DATABASE_SECRET_ARN" not in found, "the owner's login is a migration's only"
    assert found["REDIS_HOST"] == outputs["cache_endpoint"]
    assert f"/adelie-localstack-backend-api:{IMAGE_TAG}\n" in done.stdout
    assert outputs["cdn_domain_name"] in done.stdout
    assert left == 0

    login = json.loads(secrets.get_secret_value(SecretId="adelie/localstack/database-application")["SecretString"])
    values = {
        "JWT_SECRET": secrets.get_secret_value(SecretId="adelie/localstack/jwt-secret")["SecretString"],
        "LLM_API_KEY": SUPPLIED,
        "PGPASSWORD": login["password"],
        "PGUSER": login["username"],
    }
    assert {name: found[name] for name in values} == {
        name: f"secret, {len(value)} characters" for name, value in values.items()
    }
    assert [name for name, value in values.items() if value in at_first.stdout + done.stdout] == []


@LOCALSTACK
def test_the_application_refuses_outputs_of_another_deployment(deployment: Deployment) -> None:
    outputs = {**deployment.outputs, "objects_bucket": "adelie-staging-objects"}
    done = run(outputs, AWS_ENDPOINT_URL=deployment.emulator.endpoint_url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "another OBJECTS_BUCKET than the output objects_bucket" in done.stderr


def test_the_application_refuses_the_real_aws() -> None:
    done = run(OUTPUTS)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"This writes, and https://ecs\.\S+ is not on this machine; set AWS_ENDPOINT_URL .*\n", done.stderr
    )


def test_the_application_says_that_nothing_answers() -> None:
    with socket.socket() as closed:  # bound, so that nobody else gets the port, but not listening
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        done = run(OUTPUTS, AWS_ENDPOINT_URL=address)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{address}/ does not answer; start the emulator with `make up`.\n"


def test_the_application_says_that_nothing_is_deployed() -> None:
    done = run({})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is no output cache_endpoint, so nothing is deployed; run `make up` first.\n"
