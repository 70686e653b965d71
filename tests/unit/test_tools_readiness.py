"""What `make prepare` finds in an account: each sentence whole, and all of them together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from stacks.environment import Environment
from tools.aws import client
from tools.command import ToolError
from tools.release import judgements as judge
from tools.release import prepare, readiness
from tools.release.dns import BrokenDnsError, Caa, Dns, NoDnsError

ACCOUNT = "123456789012"
ENOUGH = 4000.0


class FakeDns:
    """The DNS, as a test says it is: `None` is a failure of the name's own servers."""

    def __init__(self, servers: frozenset[str] | None, caa: Mapping[str, Sequence[Caa]] | None = None) -> None:
        self.servers, self.records = servers, caa

    def name_servers(self, zone: str) -> frozenset[str]:
        assert zone == "example.com"
        if self.servers is None:
            raise BrokenDnsError
        return self.servers

    def caa(self, name: str) -> Sequence[Caa]:
        if self.records is None:
            return []
        return self.records.get(name, [])


class NoDns:
    """A machine that reaches no resolver."""

    def name_servers(self, zone: str) -> frozenset[str]:
        raise NoDnsError(zone)

    def caa(self, name: str) -> Sequence[Caa]:
        raise NoDnsError(name)


class Account:
    """moto's account, bootstrapped, with a hosted zone of example.com; quotas and budgets answer what a test says."""

    def __init__(self, real: Environment, clients: Mapping[str, Any]) -> None:
        self._clients = clients
        self._stubs = {name: Stubber(clients[name]) for name in ("route53", "service-quotas", "budgets")}
        zone = clients["route53"].create_hosted_zone(Name="example.com", CallerReference="first")
        self.name_servers = frozenset(zone["DelegationSet"]["NameServers"])
        self.zone_id = zone["HostedZone"]["Id"].rpartition("/")[2]
        assert real.domain is not None
        domain = real.domain.model_copy(update={"name": "app.example.com", "hosted_zone_id": self.zone_id})
        self.environment = real.model_copy(update={"domain": domain})
        self.boundary = f"{real.project}-bootstrap-{real.name}-boundary"
        statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn = clients["iam"].create_policy(PolicyName=self.boundary, PolicyDocument=document)["Policy"]["Arn"]
        self.boundary_arn: str = arn

    def __call__(self, _environment: Environment, service: str) -> Any:
        return self._clients[service]

    def quotas(self, *values: float) -> None:
        """The account's quotas on Fargate, in the order that they are asked for."""
        for quota, value in zip(judge.QUOTAS, values, strict=True):
            asked = {"ServiceCode": "fargate", "QuotaCode": quota.code}
            self.stub("service-quotas").add_response("get_service_quota", {"Quota": {"Value": value}}, asked)

    def budgets(self) -> None:
        """AWS Budgets answers."""
        asked = {"AccountId": ACCOUNT, "MaxResults": 1}
        self.stub("budgets").add_response("describe_budgets", {"Budgets": []}, asked)

    def stub(self, service: str) -> Stubber:
        """The answers of a service."""
        self._stubs[service].activate()
        return self._stubs[service]

    def close(self) -> None:
        """Give the clients back as they were."""
        for each in self._stubs.values():
            each.deactivate()
        iam, route53 = self._clients["iam"], self._clients["route53"]
        for zone in route53.list_hosted_zones()["HostedZones"]:
            route53.delete_hosted_zone(Id=zone["Id"])
        for policy in iam.list_policies(Scope="Local")["Policies"]:
            iam.delete_policy(PolicyArn=policy["Arn"])

    def found(self, dns: Dns) -> tuple[list[str], str]:
        """What is reported, and what it ends with."""
        messages: list[str] = []
        try:
            readiness.check(self.environment, messages.append, clients=self, dns=dns)
        except ToolError as error:
            return messages, str(error)
        return messages, ""


@pytest.fixture(scope="module")
def real(environments: Mapping[str, Environment]) -> Environment:
    """A real environment, in the account that moto pretends to be."""
    (first, *_) = [each for each in environments.values() if each.emulator is None and each.domain and each.budget]
    return first.model_copy(update={"account_id": ACCOUNT})


@pytest.fixture(scope="module")
def clients(real: Environment) -> Iterator[Mapping[str, Any]]:
    """The clients of the module's account; to make one takes longer than to use it."""
    with mock_aws():
        yield {name: client(real, name) for name in ("iam", "route53", "service-quotas", "budgets")}


@pytest.fixture
def account(
    real: Environment,
    clients: Mapping[str, Any],
    environments: Mapping[str, Environment],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Account]:
    """The account of a real environment, which is alone in it."""

    def only_this() -> list[Environment]:
        return [real, *(each for each in environments.values() if each.emulator is not None)]

    monkeypatch.setattr("tools.release.readiness.loader.load_all", only_this)
    made = Account(real, clients)
    yield made
    made.close()


@pytest.fixture
def ready(account: Account) -> Account:
    account.quotas(ENOUGH, ENOUGH)
    account.budgets()
    return account


def test_an_account_that_is_ready_says_nothing(ready: Account) -> None:
    assert ready.found(FakeDns(ready.name_servers)) == ([], "")


def test_everything_is_checked_and_all_that_is_wrong_is_told_together(account: Account) -> None:
    account(account.environment, "iam").delete_policy(PolicyArn=account.boundary_arn)
    account.quotas(0, 0)
    account.stub("budgets").add_client_error("describe_budgets", "AccessDeniedException", "is not authorized")
    messages, end = account.found(FakeDns(frozenset(), {"example.com": [Caa("issue", "letsencrypt.org")]}))
    assert len(messages) == 7  # bootstrap, delegation, CAA of two names, two quotas, billing
    assert end == (
        f"{account.environment.name} is not ready: 7 of the lines above would fail a release; nothing was "
        f"created, so correct that and run `make prepare ENV={account.environment.name}` again."
    )


def test_an_account_without_bootstrap_is_told_to_run_it(ready: Account) -> None:
    name = ready.environment.name
    ready(ready.environment, "iam").delete_policy(PolicyArn=ready.boundary_arn)
    assert ready.found(FakeDns(ready.name_servers))[0] == [
        f"Account {ACCOUNT} has no policy {ready.boundary}, without which no role of {name} can be made; run "
        f"`make bootstrap ENV={name}`."
    ]


@pytest.mark.parametrize(
    ("servers", "says"),
    [
        (frozenset[str](), "has no name servers"),
        (frozenset({"ns1.registrar.example"}), "has the name servers ns1.registrar.example"),
        (None, "sends to servers that don't answer"),
    ],
    ids=["not delegated", "delegated elsewhere", "delegated to nobody"],
)
def test_a_zone_that_the_internet_does_not_ask_blocks(
    ready: Account, servers: frozenset[str] | None, says: str
) -> None:
    messages, end = ready.found(FakeDns(servers))
    assert messages == [
        f"The internet doesn't reach hosted zone {ready.zone_id}: public DNS {says} for example.com; set the name "
        f"servers {', '.join(sorted(ready.name_servers))} at the registrar, or as NS records of example.com in the "
        "zone above it, and wait until the old answer has expired."
    ]
    assert end


def test_a_zone_that_does_not_exist_blocks(ready: Account) -> None:
    ready(ready.environment, "route53").delete_hosted_zone(Id=ready.zone_id)
    messages, end = ready.found(FakeDns(ready.name_servers))
    assert messages == [
        f"Route 53 has no hosted zone {ready.zone_id} in account {ACCOUNT}; correct domain.hosted_zone_id of "
        f"{ready.environment.name}, or make a zone: `aws route53 create-hosted-zone --name app.example.com "
        "--caller-reference first`."
    ]
    assert end


@pytest.mark.parametrize(
    ("message", "blocks"),
    [
        ("User: arn:aws:iam::123456789012:user/mina is not authorized to access this resource", True),
        ("User: mina is not authorized to perform: route53:GetHostedZone on resource: hostedzone/Z1", False),
    ],
    ids=["another account's", "not allowed to look"],
)
def test_a_zone_of_another_account_blocks(ready: Account, message: str, *, blocks: bool) -> None:
    ready.stub("route53").add_client_error("get_hosted_zone", "AccessDenied", message, 403)
    messages, end = ready.found(FakeDns(ready.name_servers))
    assert [each.startswith(f"Route 53 has no hosted zone {ready.zone_id} in account") for each in messages] == [blocks]
    assert bool(end) == blocks


def test_a_machine_without_dns_is_told_so_and_goes_on(ready: Account) -> None:
    messages, end = ready.found(NoDns())
    assert messages == [
        f"Not checked: {name}. No public resolver can be reached from here; run this where DNS (port 53) is open."
        for name in ("delegation of the domain", "CAA records")
    ]
    assert end == ""


AMAZON, OTHER, NOBODY = Caa("issue", "amazonaws.com"), Caa("issue", "letsencrypt.org"), Caa("issue", ";")


@pytest.mark.parametrize(
    ("records", "refused"),
    [
        ({}, {}),
        ({"example.com": [OTHER, AMAZON]}, {}),
        ({"example.com": [Caa("issue", " Amazon.com ; account=1")]}, {}),
        ({"example.com": [Caa("iodef", "mailto:a@example.com"), Caa("issuewild", ";")]}, {}),
        ({"example.com": [OTHER]}, {"app.example.com": "example.com", "origin.app.example.com": "example.com"}),
        ({"com": [NOBODY]}, {"app.example.com": "com", "origin.app.example.com": "com"}),
        ({"example.com": [OTHER], "app.example.com": [AMAZON]}, {}),
        (
            {"example.com": [AMAZON], "origin.app.example.com": [OTHER]},
            {"origin.app.example.com": "origin.app.example.com"},
        ),
    ],
)
def test_the_nearest_caa_records_say_whether_acm_may_issue(
    ready: Account, records: Mapping[str, Sequence[Caa]], refused: Mapping[str, str]
) -> None:
    messages, end = ready.found(FakeDns(ready.name_servers, records))
    assert [
        (name in text, f" of {at} name" in text) for text, (name, at) in zip(messages, refused.items(), strict=True)
    ] == [(True, True) for _ in refused]
    assert bool(end) == bool(refused)


def test_a_quota_without_a_value_of_its_own_is_awss_default(account: Account) -> None:
    quotas = account.stub("service-quotas")
    for quota in judge.QUOTAS:
        quotas.add_client_error("get_service_quota", "NoSuchResourceException", "The request failed")
        asked = {"ServiceCode": "fargate", "QuotaCode": quota.code}
        quotas.add_response("get_aws_default_service_quota", {"Quota": {"Value": 0.0}}, asked)
    account.budgets()
    messages, _ = account.found(FakeDns(account.name_servers))
    assert ["may run 0 vCPUs" in text for text in messages] == [True, True]


def test_what_shares_the_account_counts_too(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = account.environment.model_copy(update={"name": "beside"})
    monkeypatch.setattr("tools.release.readiness.loader.load_all", [beside, account.environment].copy)
    account.quotas(0, ENOUGH)
    account.budgets()
    ((message,), _) = account.found(FakeDns(account.name_servers))
    assert f"beside, {account.environment.name} may need" in message


def test_what_aws_refuses_to_show_is_told_and_does_not_block(account: Account) -> None:
    account.stub("service-quotas").add_client_error("get_service_quota", "AccessDeniedException", "no permission")
    account.budgets()
    assert account.found(FakeDns(account.name_servers)) == (
        ["Not checked: Fargate quotas. AWS refused GetServiceQuota: AccessDeniedException (no permission)."],
        "",
    )


def test_budgets_that_are_refused_block(account: Account) -> None:
    account.quotas(ENOUGH, ENOUGH)
    account.stub("budgets").add_client_error("describe_budgets", "AccessDeniedException", "is not authorized")
    messages, end = account.found(FakeDns(account.name_servers))
    assert messages == [
        f"AWS Budgets refuses your role in account {ACCOUNT}, so the budget of {account.environment.name} can't be "
        'made; sign in as the root user and activate "IAM user and role access to Billing information" under Account '
        "(or give your role budgets:ViewBudget), or set budget to null."
    ]
    assert end


def test_without_domain_and_budget_neither_is_asked(account: Account) -> None:
    account.quotas(ENOUGH, ENOUGH)
    account.stub("budgets")
    account.environment = account.environment.model_copy(update={"domain": None, "budget": None})
    assert account.found(NoDns()) == ([], "")


def test_an_emulated_environment_says_what_is_not_checked(environments: Mapping[str, Environment]) -> None:
    (emulated, *_) = [each for each in environments.values() if each.emulator is not None]
    messages: list[str] = []
    readiness.check(emulated, messages.append, clients=_no_clients, dns=NoDns())
    assert messages == [
        f"Not checked, because {emulated.name} is emulated: bootstrap, delegation of the domain, CAA records, Fargate "
        "quotas, access to billing."
    ]


def test_prepare_makes_nothing_in_an_account_that_is_not_ready(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_environment: Environment, _tell: Callable[[str], object]) -> None:
        raise ToolError("not ready")

    def started() -> str:
        raise AssertionError("Terraform was started")

    def nothing(*_: object, **_more: object) -> None:
        """Neither credentials nor a synthesized stack nor what runs are needed here."""

    for name in ("check_account", "read_stack", "running_tags", "targets"):
        monkeypatch.setattr(prepare, name, nothing)
    monkeypatch.setattr(prepare, "executable", started)
    monkeypatch.setattr(readiness, "check", check)
    with pytest.raises(ToolError, match="not ready"):
        prepare.prepare(account.environment, print)


def _no_clients(_environment: Environment, service: str) -> Any:
    raise AssertionError(f"{service} was asked")
