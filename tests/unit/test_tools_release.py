"""The steps of a release, against moto's AWS in this process."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from stacks.environment import Environment
from tools import identity, plan, release
from tools._common import ToolError

SERVICES = ("backend-api", "frontend")
Rollout = dict[str, Any]


@pytest.fixture
def prod(environments: Mapping[str, Environment], monkeypatch: pytest.MonkeyPatch) -> Generator[Environment]:
    environment = environments["prod"]
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOTO_ACCOUNT_ID", environment.account_id)
    with mock_aws():
        yield environment


def client(environment: Environment, service: str) -> Any:
    return cast("Any", boto3).client(service, region_name=environment.region)


class Ecs:
    """ECS as a release sees it: what each call of describe_services answers, one after the other."""

    def __init__(self, *answers: Rollout, tag: str = "new") -> None:
        self._answers, self._tag = list(answers), tag

    def describe_services(self, **_: object) -> dict[str, Any]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        common: dict[str, Any] = {"status": "ACTIVE", "taskDefinition": "arn", "runningCount": 3, "desiredCount": 3}
        deployments = [{"rolloutState": "COMPLETED"}]
        services = [
            {"serviceName": f"adelie-prod-{name}", "deployments": deployments, **common, **answer} for name in SERVICES
        ]
        return {"services": services}

    def describe_task_definition(self, **_: object) -> dict[str, Any]:
        return {"taskDefinition": {"containerDefinitions": [{"image": f"registry/adelie-prod-x:{self._tag}"}]}}


def using(monkeypatch: pytest.MonkeyPatch, ecs: Ecs) -> None:
    def fake(_environment: Environment, _service: str) -> Ecs:
        return ecs

    def any_account(_environment: Environment) -> None:
        return None

    monkeypatch.setattr(release, "client", fake)
    monkeypatch.setattr(release, "check_account", any_account)


def waited(environment: Environment, tag: str = "new") -> tuple[list[str], list[float]]:
    said, slept = list[str](), list[float]()
    release.wait(environment, tag, said.append, sleep=slept.append)
    return said, slept


def test_a_release_waits_until_only_the_new_tasks_run(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    starting: Rollout = {"deployments": [{"rolloutState": "IN_PROGRESS"}, {"rolloutState": "COMPLETED"}]}
    using(monkeypatch, Ecs(starting, {"runningCount": 1}, {}))
    said, slept = waited(prod)
    assert said[0].endswith("2 deployments")
    assert said[2].endswith("1 of 3 tasks")
    assert said[-1].endswith("steady")
    assert len(slept) == 2


def test_a_roll_out_that_ecs_gave_up_is_refused_at_once(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    why = "tasks failed container health checks"
    using(monkeypatch, Ecs({"deployments": [{"rolloutState": "FAILED", "rolloutStateReason": why}]}))
    with pytest.raises(ToolError, match=f"adelie-prod-backend-api failed \\({why}\\)"):
        waited(prod)


def test_another_tag_is_refused(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, Ecs({}, tag="old"))
    with pytest.raises(ToolError, match="runs old, not new"):
        waited(prod)


def test_patience_has_an_end(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, Ecs({"runningCount": 0}))
    with pytest.raises(ToolError, match=r"Not steady after 15 minutes: .*0 of 3 tasks.*roll back"):
        waited(prod)


def test_what_runs_now_is_what_a_roll_back_goes_back_to(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, Ecs({}, tag="4f2c1e9"))
    assert release.running_tags(prod) == dict.fromkeys(SERVICES, "4f2c1e9")
    assert plan.running_tag(prod) == "4f2c1e9"


def test_before_the_first_deploy_nothing_runs(prod: Environment) -> None:
    assert release.running_tags(prod) == {}
    assert plan.running_tag(prod) == plan.UNBUILT


def test_assets_are_uploaded_for_a_year_and_nothing_is_deleted(prod: Environment, tmp_path: Path) -> None:
    s3, bucket = client(prod, "s3"), prod.target.bucket_name("assets")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": prod.region})
    s3.put_object(Bucket=bucket, Key="assets/before.js", Body=b"")
    (tmp_path / "fonts").mkdir()
    (tmp_path / "index-4f2c.js").write_text("x")
    (tmp_path / "fonts" / "a.woff2").write_text("x")
    assert release.upload(prod, tmp_path, lambda _: None) == 2
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys == {"assets/before.js", "assets/index-4f2c.js", "assets/fonts/a.woff2"}
    script = s3.head_object(Bucket=bucket, Key="assets/index-4f2c.js")
    assert script["ContentType"].endswith("javascript")
    assert "immutable" in script["CacheControl"]


def test_an_empty_build_is_refused(prod: Environment, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="build the frontend first"):
        release.upload(prod, tmp_path, lambda _: None)


def test_another_account_is_refused(prod: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "333333333333")
    (tmp_path / "a.js").write_text("x")
    with pytest.raises(ToolError, match="prod lives in 222222222222"):
        release.upload(prod, tmp_path, lambda _: None)


def test_the_distribution_of_the_environment_is_invalidated(prod: Environment) -> None:
    cloudfront = client(prod, "cloudfront")
    origin = {"Id": "o", "DomainName": "o.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only", "MinTTL": 0}
    behavior |= {"ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}
    ids = {}
    for comment in ("Front door of adelie-prod", "Front door of adelie-prod-other"):
        config = {"CallerReference": comment, "Comment": comment, "Enabled": True, "DefaultCacheBehavior": behavior}
        config |= {"Origins": {"Quantity": 1, "Items": [origin]}}
        ids[comment] = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    made = release.invalidate(prod, lambda _: None)
    listed = cloudfront.list_invalidations(DistributionId=ids["Front door of adelie-prod"])
    assert [each["Id"] for each in listed["InvalidationList"]["Items"]] == [made]


def repositories(environment: Environment, *names: str) -> None:
    ecr = client(environment, "ecr")
    for name in names:
        ecr.create_repository(repositoryName=f"adelie-prod-{name}")


def contexts(folder: Path) -> dict[str, Path]:
    made = {name: folder / name for name in ("backend-api", "frontend", "ai-pipeline")}
    for context in made.values():
        context.mkdir()
        (context / "Dockerfile").write_text("FROM scratch")
    return made


def test_only_missing_images_are_built_for_their_architecture(
    prod: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repositories(prod, "backend-api", "frontend", "ai-pipeline")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})
    client(prod, "ecr").put_image(repositoryName="adelie-prod-frontend", imageTag="new", imageManifest=manifest)
    called, said = list[tuple[str, ...]](), list[str]()

    def docker(*arguments: str, **_: bytes) -> None:
        called.append(arguments)

    monkeypatch.setattr(release, "_docker", docker)
    release.build(prod, "new", contexts(tmp_path), said.append)
    assert "frontend:new is there already." in said
    login, *builds = called
    assert login[:4] == ("login", "--username", "AWS", "--password-stdin")
    images = {build[build.index("--tag") + 1] for build in builds}
    registry = "222222222222.dkr.ecr.ap-northeast-2.amazonaws.com"
    assert images == {f"{registry}/adelie-prod-backend-api:new", f"{registry}/adelie-prod-ai-pipeline:new"}
    assert all(build[build.index("--platform") + 1] == "linux/arm64" for build in builds)


def test_without_repositories_nothing_is_built(prod: Environment, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"has no repository adelie-prod-.*Before the first deploy"):
        release.build(prod, "new", contexts(tmp_path), lambda _: None)


def test_each_image_needs_its_folder(prod: Environment, tmp_path: Path) -> None:
    given = contexts(tmp_path)
    (given["frontend"] / "Dockerfile").unlink()
    with pytest.raises(ToolError, match="wrong or missing: frontend"):
        release.build(prod, "new", given, lambda _: None)


def test_a_workflow_takes_the_role_that_the_bootstrap_stack_makes(environments: Mapping[str, Environment]) -> None:
    said = identity.outputs(environments["prod"], identity.Kind.APPLY)
    assert said == "role=arn:aws:iam::222222222222:role/adelie-bootstrap-prod-apply\nregion=ap-northeast-2"
    with pytest.raises(ToolError, match="emulated"):
        identity.outputs(environments["localstack"], identity.Kind.PLAN)
