"""The bootstrap stack of prod's account, deployed: what it makes, and that it goes only when it is meant to."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from stacks.bootstrap import identity
from stacks.environment import Environment
from tests.emulated.deployment import EMULATORS, Deployment, deployed, prepared, s3_backend_of
from tests.support import Synthesized
from tools.emulated.kinds import Kind
from tools.permissions.account import ensure_identity_provider
from tools.terraform.bootstrap import OVERRIDE, BootstrapDeploy, account_of
from tools.terraform.runner import TerraformError

STACK = "bootstrap-prod"


@pytest.fixture(
    scope="module",
    params=[pytest.param(kind, id=kind, marks=pytest.mark.xdist_group(f"{STACK}-{kind}")) for kind in EMULATORS],
)
def bootstrap(
    request: pytest.FixtureRequest,
    environments: Mapping[str, Environment],
    platforms: Mapping[str, Synthesized],
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Deployment]:
    kind: Kind = request.param
    folder = tmp_path_factory.mktemp(f"{STACK}-{kind}")
    with deployed(environments["prod"], kind, platforms[STACK], folder) as made:
        yield made


def test_a_second_plan_changes_nothing(bootstrap: Deployment) -> None:
    assert bootstrap.terraform.changes() == ""


def test_the_state_bucket_keeps_versions_and_is_private(bootstrap: Deployment) -> None:
    s3, name = bootstrap.client("s3"), bootstrap.outputs["state_bucket"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    statements = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert {"RefusePlainHttp", "RefuseOldTls", "RefuseDeletion"} == {each["Sid"] for each in statements}


@pytest.mark.parametrize(
    ("kind", "subjects"), [("plan", ["pull_request", "ref:refs/heads/main"]), ("apply", ["environment:prod"])]
)
def test_a_role_is_taken_by_this_repository_only(bootstrap: Deployment, kind: str, subjects: list[str]) -> None:
    iam = bootstrap.client("iam")
    role = iam.get_role(RoleName=bootstrap.outputs[f"prod_{kind}_role_arn"].rpartition("/")[2])["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    ensure_identity_provider(iam, identity(bootstrap.environment))
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert statement["Principal"]["Federated"] in (provider["Arn"], [provider["Arn"]])
    repository = bootstrap.environment.github_repository
    conditions = statement["Condition"]["StringEquals"]
    assert conditions["token.actions.githubusercontent.com:sub"] == [f"repo:{repository}:{each}" for each in subjects]


def test_the_apply_role_has_what_the_plan_role_has_and_more(bootstrap: Deployment) -> None:
    iam = bootstrap.client("iam")
    attached = {
        kind: {
            each["PolicyName"]
            for each in iam.list_attached_role_policies(RoleName=f"adelie-bootstrap-prod-{kind}")["AttachedPolicies"]
        }
        for kind in ("plan", "apply")
    }
    assert attached["plan"] < attached["apply"]
    assert not any(name.endswith("boundary") for name in attached["apply"])


@pytest.mark.destroys
def test_destroying_is_refused_until_it_is_meant(bootstrap: Deployment) -> None:
    with pytest.raises(TerraformError, match="prevent_destroy"):
        bootstrap.destroy()
    bootstrap.allow_destroying()
    ensure_identity_provider(bootstrap.client("iam"), identity(bootstrap.environment))
    bootstrap.destroy()
    assert bootstrap.terraform.resources() == []
    assert bootstrap.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"], "it isn't ours alone"
    assert bootstrap.client("s3").list_buckets()["Buckets"] == []


def test_the_first_deploy_moves_its_state_into_the_bucket_it_made_where_github_is_known_already(
    environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized], tmp_path: Path
) -> None:
    prod, said = environments["prod"], list[str]()
    account = account_of(prod)
    folder = tmp_path / STACK
    folder.mkdir()
    with prepared(prod, Kind.MINISTACK, platforms[STACK], folder) as (emulator, _, terraform, stack):
        emulator.client("iam", prod.region).create_open_id_connect_provider(
            Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
        )
        document = {**stack.document, "terraform": platforms[STACK].document["terraform"]}
        (folder / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")
        deploy = BootstrapDeploy(
            terraform=terraform,
            account=account,
            local_state=tmp_path / "first.tfstate",
            s3=emulator.client("s3", prod.region),
            backend=s3_backend_of(emulator),
        )
        deploy.deploy(said.append)
        assert not list(tmp_path.glob("first.tfstate*"))
        assert not (folder / OVERRIDE).exists()
        key = f"adelie/{STACK}.tfstate"
        body = emulator.client("s3", prod.region).get_object(Bucket=account.state.bucket, Key=key)["Body"].read()
        assert len(json.loads(body)["resources"]) > 30
        assert terraform.changes() == ""
        deploy.deploy(said.append)  # as a later change would be deployed
        assert len(said) == 2
