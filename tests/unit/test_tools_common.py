from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound
from moto import mock_aws

from stacks.environment import Environment
from tools import aws, command_line
from tools.aws import check_account, client, sentence
from tools.command import ToolError
from tools.synthesized import read_stack

MOTO_ACCOUNT = "123456789012"


def test_an_error_is_one_sentence_on_stderr_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def command() -> None:
        raise ToolError("It cannot be done; do something else.")

    monkeypatch.setattr(command_line, "COMMANDS", {"show": command})
    with pytest.raises(SystemExit) as exit_:
        command_line.main(["show"])
    assert exit_.value.code == "It cannot be done; do something else."


def test_a_mistake_in_the_code_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def command() -> None:
        raise KeyError("nothing that a person could mend")

    monkeypatch.setattr(command_line, "COMMANDS", {"show": command})
    with pytest.raises(KeyError):
        command_line.main(["show"])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            NoCredentialsError(),
            "There are no AWS credentials; sign in (`aws sso login`) and set AWS_PROFILE.",
        ),
        (
            ProfileNotFound(profile="nobody"),
            "The config profile (nobody) could not be found; set AWS_PROFILE to a profile of ~/.aws/config.",
        ),
        (
            EndpointConnectionError(endpoint_url="http://localhost:4566"),
            "http://localhost:4566 does not answer; start the emulator, or check the network and AWS_ENDPOINT_URL.",
        ),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "You may\nnot."}}, "PutSecretValue"),
            "AWS refused PutSecretValue: AccessDenied (You may not).",
        ),
    ],
)
def test_what_aws_says_becomes_one_sentence(error: Exception, expected: str) -> None:
    assert sentence(error) == expected


def test_a_stack_that_is_not_synthesized_is_named_with_those_that_are(tmp_path: Path) -> None:
    file = tmp_path / "stacks" / "prod" / "cdk.tf.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    with pytest.raises(ToolError) as error:
        read_stack("nowhere", tmp_path)
    assert str(error.value) == (
        f"{tmp_path}/stacks/nowhere/cdk.tf.json does not exist (synthesized: prod); "
        "run `make synth`, or correct the name."
    )


def test_a_name_cannot_leave_the_output_directory(tmp_path: Path) -> None:
    (tmp_path / "out" / "stacks").mkdir(parents=True)
    (tmp_path / "cdk.tf.json").write_text("{}")
    with pytest.raises(ToolError, match="does not exist"):
        read_stack("../..", tmp_path / "out")


def test_a_broken_stack_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "stacks" / "prod" / "cdk.tf.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"resource":\n')
    with pytest.raises(ToolError) as error:
        read_stack("prod", tmp_path)
    assert str(error.value) == f"{file}:2: the file is not JSON; run `make synth` again."


def test_another_accounts_credentials_are_refused(environments: Mapping[str, Environment]) -> None:
    with mock_aws(), pytest.raises(ToolError) as error:
        check_account(environments["prod"])
    assert str(error.value) == (
        f"The credentials belong to account {MOTO_ACCOUNT}, but prod lives in {environments['prod'].account_id}; "
        "set AWS_PROFILE to a profile of that account."
    )


def test_the_environments_own_account_is_accepted(environments: Mapping[str, Environment]) -> None:
    with mock_aws():
        check_account(environments["prod"].model_copy(update={"account_id": MOTO_ACCOUNT}))


def test_an_emulated_environment_is_reached_at_its_endpoint_without_the_guard(
    environments: Mapping[str, Environment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://emulator:4566")
    assert client(environments["localstack"], "secretsmanager").meta.endpoint_url == "http://emulator:4566"

    def unexpected(_: Environment, service: str) -> None:
        pytest.fail(f"the guard asked {service}")

    monkeypatch.setattr(aws, "client", unexpected)
    check_account(environments["localstack"])


def test_nobody_signed_in_is_one_sentence(
    environments: Mapping[str, Environment], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the credentials of another test
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NoCredentialsError):
        check_account(environments["prod"])
