"""What an account has one of. The answers of IAM for what exists are AWS's own; moto has others, or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from adelie.delivery.github import GitHubIdentity
from stacks.environment import Environment
from tools.aws import client
from tools.permissions.account import ensure_identity_provider, ensure_service_linked_roles, services_with_a_role
from tools.terraform import bootstrap

GITHUB = GitHubIdentity(repository="example/infrastructure", account_id="123456789012")
URL = "https://token.actions.githubusercontent.com"
EXISTS = f"Provider with url {URL} already exists."


def taken(service: str) -> str:
    return f"Service role name {service} has been taken in this account, please try a different suffix."


@pytest.fixture
def real(environments: Mapping[str, Environment]) -> Environment:
    """A real environment, in the account that moto pretends to be."""
    (first, *_) = [each for each in environments.values() if each.emulator is None]
    return first.model_copy(update={"account_id": GITHUB.account_id})


@pytest.fixture
def iam(real: Environment) -> Iterator[Any]:
    with mock_aws():
        yield client(real, "iam")


@pytest.fixture
def answers(iam: Any) -> Iterator[Stubber]:
    with Stubber(iam) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_every_service_gets_its_role(iam: Any) -> None:
    services = services_with_a_role()
    assert ensure_service_linked_roles(iam, services) == services
    paths = {role["Path"] for role in iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]}
    assert paths == {f"/aws-service-role/{service}/" for service in services}


def test_a_role_that_exists_is_left_alone(iam: Any, answers: Stubber) -> None:
    answers.add_client_error(
        "create_service_linked_role", "InvalidInput", taken("AWSServiceRoleForECS"), http_status_code=400
    )
    role = {
        "Path": "/aws-service-role/rds.amazonaws.com/",
        "RoleName": "AWSServiceRoleForRDS",
        "RoleId": "AROAEXAMPLEEXAMPLE00",
        "Arn": "arn:aws:iam::123456789012:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
        "CreateDate": "2026-01-01T00:00:00Z",
    }
    answers.add_response("create_service_linked_role", {"Role": role}, {"AWSServiceName": "rds.amazonaws.com"})
    assert ensure_service_linked_roles(iam, ["ecs.amazonaws.com", "rds.amazonaws.com"]) == ["rds.amazonaws.com"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidInput", "Service role 'nobody.amazonaws.com' is not a valid AWS service principal."),
        ("AccessDenied", "not authorized to perform: iam:CreateServiceLinkedRole"),
    ],
)
def test_any_other_refusal_of_a_role_ends_it(iam: Any, answers: Stubber, code: str, message: str) -> None:
    answers.add_client_error("create_service_linked_role", code, message)
    with pytest.raises(ClientError, match=message):
        ensure_service_linked_roles(iam, ["nobody.amazonaws.com", "rds.amazonaws.com"])


def test_the_provider_is_made_where_there_is_none(iam: Any) -> None:
    assert ensure_identity_provider(iam, GITHUB)
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=GITHUB.provider_arn)
    assert (provider["Url"], provider["ClientIDList"]) == (URL.removeprefix("https://"), ["sts.amazonaws.com"])


def test_a_provider_that_exists_is_taken_as_it_is(iam: Any) -> None:
    theirs = {"ClientIDList": ["https://github.com/example", "sts.amazonaws.com"], "ThumbprintList": ["a" * 40]}
    iam.create_open_id_connect_provider(Url=URL, **theirs, Tags=[{"Key": "Owner", "Value": "somebody else"}])
    before = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=GITHUB.provider_arn)
    assert not ensure_identity_provider(iam, GITHUB)
    after = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=GITHUB.provider_arn)
    shown = ("ClientIDList", "ThumbprintList", "Tags")
    assert [after[key] for key in shown] == [before[key] for key in shown]


def test_our_audience_is_added_to_a_provider_that_lacks_it(iam: Any, answers: Stubber) -> None:
    arn = {"OpenIDConnectProviderArn": GITHUB.provider_arn}
    answers.add_client_error("create_open_id_connect_provider", "EntityAlreadyExists", EXISTS, http_status_code=409)
    answers.add_response("get_open_id_connect_provider", {"ClientIDList": ["https://github.com/example"]}, arn)
    answers.add_response("add_client_id_to_open_id_connect_provider", {}, {**arn, "ClientID": "sts.amazonaws.com"})
    assert not ensure_identity_provider(iam, GITHUB)


def test_the_accounts_own_come_before_the_stack_that_names_them(
    iam: Any, real: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def check_account(_environment: Environment) -> None:
        """The credentials are moto's."""

    def stack_file(_name: str) -> Path:
        return tmp_path

    def deploy(_self: bootstrap.BootstrapDeploy, _tell: bootstrap.Tell) -> None:
        assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        assert len(iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]) == len(services_with_a_role())
        raise InterruptedError

    monkeypatch.setattr(bootstrap, "check_account", check_account)
    monkeypatch.setattr(bootstrap, "stack_file", stack_file)
    monkeypatch.setattr(bootstrap, "executable", str)
    monkeypatch.setattr(bootstrap.BootstrapDeploy, "deploy", deploy)
    with pytest.raises(InterruptedError):
        bootstrap.bootstrap(real, print)
    assert capsys.readouterr().out.splitlines() == [
        "GitHub's identity provider is created.",
        f"Service-linked roles: {len(services_with_a_role())} created, 0 exist already.",
    ]
