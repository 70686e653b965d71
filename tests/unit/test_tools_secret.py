from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from stacks import loader
from stacks.environment import Environment
from tests.support import Synthesized
from tools.aws import client
from tools.command import ToolError
from tools.command_line import main
from tools.release import secret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

REAL = "sk-live-4f9d2c71aa03"


@pytest.fixture
def staging(environments: Mapping[str, Environment]) -> Environment:
    """Staging, in the account that moto pretends to be."""
    return environments["staging"].model_copy(update={"account_id": "123456789012"})


@pytest.fixture
def manager(staging: Environment) -> Iterator[SecretsManagerClient]:
    """Secrets Manager with the secret that staging's stack creates, which has no value yet."""
    with mock_aws():
        manager: SecretsManagerClient = client(staging, "secretsmanager")
        manager.create_secret(Name="adelie/staging/llm-api-key")
        yield manager


def test_a_supplied_secret_gets_its_value(staging: Environment, manager: SecretsManagerClient) -> None:
    assert secret.put(staging, "llm-api-key", REAL) == "adelie/staging/llm-api-key"
    assert manager.get_secret_value(SecretId="adelie/staging/llm-api-key")["SecretString"] == REAL


def test_a_second_value_replaces_the_first(staging: Environment, manager: SecretsManagerClient) -> None:
    secret.put(staging, "llm-api-key", REAL)
    secret.put(staging, "llm-api-key", f"{REAL}-2")
    assert manager.get_secret_value(SecretId="adelie/staging/llm-api-key")["SecretString"] == f"{REAL}-2"


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "change-me-please",
        "CHANGE_ME",
        "default",
        "default-secret",
        "testtest",
        "test1234",
        "placeholder",
        "your-api-key-here",
        "<llm-api-key>",
        "${LLM_API_KEY}",
        "{{ secret }}",
        "replace-me",
        "password123",
        "secret-key-value",
        "xxxxxxxxxxxx",
        "00000000",
        "123456789",
        "sk-live",
    ],
)
def test_a_placeholder_is_refused_before_aws_is_asked(value: str, staging: Environment) -> None:
    with pytest.raises(ToolError) as error:
        secret.put(staging, "llm-api-key", value)
    assert str(error.value) == ("The value looks like a placeholder or has fewer than 8 characters; give the real one.")


@pytest.mark.parametrize("value", ["", "   ", f" {REAL}", f"{REAL}\n"])
def test_an_empty_value_or_blanks_around_it_are_refused(value: str, staging: Environment) -> None:
    with pytest.raises(ToolError) as error:
        secret.put(staging, "llm-api-key", value)
    assert str(error.value) == "The value is empty or has blanks around it; give the real one."


@pytest.mark.parametrize("value", [REAL, "https://discord.com/api/webhooks/1/abc", "testament-of-youth", "a1b2c3d4"])
def test_real_values_pass(value: str, staging: Environment, manager: SecretsManagerClient) -> None:
    secret.put(staging, "llm-api-key", value)
    assert manager.get_secret_value(SecretId="adelie/staging/llm-api-key")["SecretString"] == value


def test_a_generated_secret_is_refused(staging: Environment) -> None:
    with pytest.raises(ToolError) as error:
        secret.put(staging, "jwt-secret", REAL)
    assert str(error.value) == (
        "The value of jwt-secret is generated at deploy time and never set by hand; "
        "secrets to set are: discord-webhook-url, llm-api-key."
    )


def test_an_unknown_secret_is_refused(staging: Environment) -> None:
    with pytest.raises(ToolError) as error:
        secret.put(staging, "llm-key", REAL)
    assert str(error.value) == (
        "staging has no secret 'llm-key'; secrets to set are: discord-webhook-url, llm-api-key."
    )


def test_a_secret_that_is_not_deployed_yet_is_one_sentence(staging: Environment, manager: SecretsManagerClient) -> None:
    manager.delete_secret(SecretId="adelie/staging/llm-api-key", ForceDeleteWithoutRecovery=True)
    with pytest.raises(ToolError) as error:
        secret.put(staging, "llm-api-key", REAL)
    assert str(error.value) == (
        "AWS has no secret adelie/staging/llm-api-key; run `make prepare ENV=staging` first, which creates it."
    )


def test_another_account_is_refused(environments: Mapping[str, Environment]) -> None:
    with (
        mock_aws(),
        pytest.raises(ToolError, match=r"^The credentials belong to account 123456789012, but prod lives in"),
    ):
        secret.put(environments["prod"], "llm-api-key", REAL)


def test_the_value_comes_from_a_pipe_without_its_line_break() -> None:
    assert secret.read_value("llm-api-key", io.StringIO(f"{REAL}\n")) == REAL
    assert secret.read_value("llm-api-key", io.StringIO("two\nlines\r\n")) == "two\nlines"


def test_on_a_terminal_the_value_is_asked_for_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []

    def hidden(prompt: str) -> str:
        prompts.append(prompt)
        return REAL

    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(secret, "getpass", hidden)
    assert secret.read_value("llm-api-key", terminal) == REAL
    assert prompts == ["Value of llm-api-key (not shown): "]


def test_a_value_on_the_command_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["secret", "set", "staging", "llm-api-key", REAL])
    assert exit_.value.code == 2
    assert "Usage:" in capsys.readouterr().err


def test_the_command_never_prints_the_value(
    staging: Environment,
    manager: SecretsManagerClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def load(_: str) -> Environment:
        return staging

    monkeypatch.setattr(loader, "load", load)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{REAL}\n"))
    with pytest.raises(SystemExit) as exit_:
        main(["secret", "set", "staging", "llm-api-key"])
    captured = capsys.readouterr()
    assert exit_.value.code == 0
    assert "adelie/staging/llm-api-key is set." in captured.out
    assert REAL not in captured.out + captured.err
    assert manager.get_secret_value(SecretId="adelie/staging/llm-api-key")["SecretString"] == REAL


def test_an_emulator_that_is_down_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(sys, "stdin", io.StringIO(REAL))
    with pytest.raises(SystemExit) as exit_:
        main(["secret", "set", "localstack", "llm-api-key"])
    assert exit_.value.code == (
        "http://127.0.0.1:9/ does not answer; start the emulator, or check the network and AWS_ENDPOINT_URL."
    )


def test_the_name_is_the_one_the_stack_gives_it(
    environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized]
) -> None:
    for name, environment in environments.items():
        stacks_names = {body["name"] for body in platforms[name].resources("aws_secretsmanager_secret").values()}
        assert f"{environment.project}/{name}/llm-api-key" in stacks_names
