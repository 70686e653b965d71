"""Calling the function that creates the application's role: what is reported, and which answers stop a release."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adelie.database.settings import TIMEOUT_SECONDS
from stacks.environment import Environment
from tests.support import Synthesized
from tools.command import ToolError
from tools.release import database_role

FUNCTION = "adelie-staging-database-role"
MADE = {
    "role": "application",
    "login": "application_a",
    "generation": 1,
    "changed": ["made the role application", "made a login"],
}


class ScriptedLambda:
    """Gives one answer after the other; an error code is raised as boto3 would."""

    def __init__(self, answers: Sequence[Mapping[str, Any] | str]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.patience_seconds = 0

    def invoke(self, **arguments: Any) -> Mapping[str, Any]:
        self.asked.append(arguments)
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer, "Message": "The function is not ready"}}, "Invoke")
        return answer


def answered(payload: object, **more: str) -> dict[str, Any]:
    return {"StatusCode": 200, "Payload": BytesIO(json.dumps(payload).encode()), **more}


@pytest.fixture
def staging(environments: Mapping[str, Environment]) -> Environment:
    return environments["staging"]


def call(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, *answers: Mapping[str, Any] | str
) -> tuple[ScriptedLambda, list[str]]:
    scripted, messages = ScriptedLambda(answers), list[str]()

    def client(_environment: Environment, service: str, *, patience_seconds: int) -> ScriptedLambda:
        assert service == "lambda"
        scripted.patience_seconds = patience_seconds
        return scripted

    monkeypatch.setattr(database_role, "client", client)
    monkeypatch.setattr(database_role, "POLL_SECONDS", 0)
    database_role.make_role(environment, messages.append)
    return scripted, messages


def failure(environment: Environment, monkeypatch: pytest.MonkeyPatch, *answers: Mapping[str, Any] | str) -> str:
    with pytest.raises(ToolError) as error:
        call(environment, monkeypatch, *answers)
    return str(error.value)


def test_it_waits_for_the_answer_and_tells_what_was_changed(
    staging: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted, messages = call(staging, monkeypatch, answered(MADE))
    assert scripted.asked == [{"FunctionName": FUNCTION, "InvocationType": "RequestResponse"}]
    assert scripted.patience_seconds > TIMEOUT_SECONDS, "or it would be called twice at once"
    assert messages == [
        "The application's role application, login application_a: made the role application; made a login."
    ]


def test_it_warns_of_an_old_login_that_could_not_be_closed(
    staging: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the last step of a rotation after a leak would say "nothing to change" while its thief is connected."""
    _, messages = call(staging, monkeypatch, answered({**MADE, "still_open": ["application_b"]}))
    assert messages[1].startswith("Warning: application_b can still log in, because somebody is connected with it")


def test_it_says_that_nothing_had_to_be_changed(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    _, messages = call(staging, monkeypatch, answered({**MADE, "changed": []}))
    assert messages == ["The application's role application, login application_a: nothing to change."]


def test_the_functions_own_sentence_is_told(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    error = {"errorMessage": "the server at host is not RDS's: self-signed certificate", "errorType": "DatabaseError"}
    assert failure(staging, monkeypatch, answered(error, FunctionError="Unhandled")) == (
        "The application's role in the database was not created: the server at host is not RDS's: "
        "self-signed certificate."
    )


@pytest.mark.parametrize(
    ("generation", "rest"),
    [
        (2, "2 (application_b); run `make prepare ENV=staging`, which creates the new secret and changes no service."),
        (
            3,
            "3 (application_a); go one step at a time, to 2 first: two share a login, whose password containers are "
            "still using.",
        ),
    ],
)
def test_a_secret_of_another_generation_stops_the_release(
    generation: int, rest: str, staging: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one with the same login too: the deploy would give it a password that the database doesn't know."""
    application = staging.database.application.model_copy(update={"generation": generation})
    database = staging.database.model_copy(update={"application": application})
    raised = staging.model_copy(update={"database": database})
    assert failure(raised, monkeypatch, answered(MADE)) == (
        "The application's secret is of generation 1 (application_a), but database.application.generation of staging "
        f"is {rest}"
    )


def test_a_function_that_is_not_there_is_one_sentence(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failure(staging, monkeypatch, "ResourceNotFoundException") == (
        f"AWS has no function {FUNCTION}; run `make prepare ENV=staging` first."
    )


def test_a_function_that_slept_is_called_again(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """After weeks without a release Lambda has taken its network interface back; the first call wakes it."""
    answers = ("ResourceNotReadyException", "ResourceConflictException", answered(MADE))
    scripted, messages = call(staging, monkeypatch, *answers)
    assert len(scripted.asked) == 3
    assert len(messages) == 1


def test_a_function_that_does_not_wake_up_is_one_sentence(
    staging: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_role, "PATIENCE_SECONDS", 0)
    assert failure(staging, monkeypatch, "ResourceConflictException") == (
        f"The function {FUNCTION} is not ready after 0 minutes; "
        f"`aws lambda get-function-configuration --function-name {FUNCTION}` says why."
    )


def test_another_refusal_of_aws_is_raised_as_it_is(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClientError, match="AccessDeniedException"):
        call(staging, monkeypatch, "AccessDeniedException")


def test_the_name_is_the_one_the_stack_gives(platforms: Mapping[str, Synthesized]) -> None:
    names = {body["function_name"] for body in platforms["staging"].resources("aws_lambda_function").values()}
    assert FUNCTION in names
