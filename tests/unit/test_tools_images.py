"""Images are built from the folders that the environment's files name, and their assets get to the assets bucket."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stacks.environment import Environment
from tests.sample_environment import REGISTRY, environment
from tools.aws import client
from tools.command import ToolError
from tools.release import images, workloads

__all__ = ["environment"]
WEB = f"{REGISTRY}/adelie-prod-web:new"
NAMES = ("chat", "web", "ai-pipeline")

# Writes down what it was asked for, each argument in its own place, and what came in; copies $FILES out of "the image".
DOCKER = """#!/bin/sh
printf '%s\\n' "$(printf '%s\\037' "$@")" >> "$LOG"
case $1 in
    login) cat > "$LOG.stdin" ;;
    create) echo 5c01d ;;
    cp) test -d "$FILES" || { echo "Could not find the file in container 5c01d" >&2; exit 1; }
        cp -R "$FILES/." "$3" ;;
esac
"""


@dataclass
class Docker:
    """The stand-in for Docker."""

    log: Path
    files: Path

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        return [line.split("\037")[:-1] for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def of(self, command: str) -> list[list[str]]:
        """The calls of one command."""
        return [call for call in self.calls if call[0] == command]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    made = Docker(tmp_path / "docker.log", tmp_path / "in-the-image")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(DOCKER)
    (tmp_path / "bin" / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("LOG", str(made.log))
    monkeypatch.setenv("FILES", str(made.files))
    return made


@pytest.fixture
def repositories(environment: Environment) -> None:
    for name in NAMES:
        client(environment, "ecr").create_repository(repositoryName=f"adelie-prod-{name}")


@pytest.fixture
def bucket(environment: Environment) -> Any:
    made = environment.names.bucket_name("assets")
    s3 = client(environment, "s3")
    s3.create_bucket(Bucket=made, CreateBucketConfiguration={"LocationConstraint": environment.region})
    return lambda: {each["Key"] for each in s3.list_objects_v2(Bucket=made).get("Contents", [])}


def push(environment: Environment, name: str) -> None:
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})
    client(environment, "ecr").put_image(repositoryName=f"adelie-prod-{name}", imageTag="new", imageManifest=manifest)


def application(environment: Environment, folder: Path) -> Path:
    """A working copy of the application, with a Dockerfile wherever the environment looks for one."""
    for name, settings in workloads.built(environment).items():
        (folder / (settings.build or name)).mkdir(parents=True)
        (folder / (settings.build or name) / "Dockerfile").write_text("FROM scratch")
    return folder


def silent(_text: str) -> None:
    return None


def password(docker: Docker) -> str:
    return docker.log.with_name(docker.log.name + ".stdin").read_text()


@pytest.mark.usefixtures("repositories")
def test_each_image_comes_from_its_own_folder_for_its_own_architecture(
    environment: Environment, docker: Docker, tmp_path: Path
) -> None:
    said: list[str] = []
    push(environment, "web")
    folder = application(environment, tmp_path / "application")
    images.build(environment, "new", folder, said.append)
    assert "web:new is there already." in said
    builds = {call[call.index("--tag") + 1]: call for call in docker.of("buildx")}
    assert {image: Path(call[-1]).relative_to(folder) for image, call in builds.items()} == {
        f"{REGISTRY}/adelie-prod-chat:new": Path("services/chat"),
        f"{REGISTRY}/adelie-prod-ai-pipeline:new": Path("pipeline"),
    }
    assert all(call[call.index("--platform") + 1] == "linux/arm64" and "--push" in call for call in builds.values())


@pytest.mark.usefixtures("repositories")
def test_a_folder_that_is_a_link_to_another_place_is_not_built(
    environment: Environment, docker: Docker, tmp_path: Path
) -> None:
    folder = application(environment, tmp_path / "application")
    (tmp_path / "application" / "web").rename(tmp_path / "home")
    (tmp_path / "application" / "web").symlink_to(tmp_path / "home")
    with pytest.raises(ToolError, match="application/web is a link out of the application's repository"):
        images.build(environment, "new", folder, silent)
    assert docker.calls == []


@pytest.mark.usefixtures("repositories")
def test_a_service_that_is_added_is_built_without_being_named_anywhere_else(
    environment: Environment, docker: Docker, tmp_path: Path
) -> None:
    services = {**environment.services, "advice": environment.services["web"]}
    more = environment.model_copy(update={"services": services})
    client(environment, "ecr").create_repository(repositoryName="adelie-prod-advice")
    images.build(more, "new", application(more, tmp_path / "application"), silent)
    assert [call[-1] for call in docker.of("buildx") if "adelie-prod-advice:new" in " ".join(call)] == [
        str(tmp_path / "application" / "advice")
    ]


@pytest.mark.usefixtures("repositories")
def test_a_folder_without_a_dockerfile_is_refused_before_anything_is_built(
    environment: Environment, docker: Docker, tmp_path: Path
) -> None:
    folder = application(environment, tmp_path / "application")
    (folder / "web" / "Dockerfile").unlink()
    with pytest.raises(ToolError, match=r"application/web has no Dockerfile for web of prod; correct its `build:`"):
        images.build(environment, "new", folder, silent)
    assert docker.calls == []


def test_without_repositories_nothing_is_built(environment: Environment, docker: Docker, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"has no repository adelie-prod-.*make prepare ENV=prod"):
        images.build(environment, "new", application(environment, tmp_path / "application"), silent)
    assert docker.calls == []


@pytest.mark.usefixtures("repositories")
def test_assets_are_taken_out_of_the_pushed_image_and_nothing_is_deleted(
    environment: Environment, docker: Docker, bucket: Callable[[], set[str]]
) -> None:
    push(environment, "web")
    name, s3 = environment.names.bucket_name("assets"), client(environment, "s3")
    s3.put_object(Bucket=name, Key="assets/before.js", Body=b"")
    (docker.files / "fonts").mkdir(parents=True)
    (docker.files / "index-4f2c.js").write_text("x")
    (docker.files / "fonts" / "a.woff2").write_text("x")
    assert images.publish_assets(environment, "new", silent) == 2
    assert bucket() == {"assets/before.js", "assets/index-4f2c.js", "assets/fonts/a.woff2"}
    script = s3.head_object(Bucket=name, Key="assets/index-4f2c.js")
    assert script["ContentType"].endswith("javascript")
    assert "immutable" in script["CacheControl"]
    login, pull, create, copy, remove = docker.calls
    assert login == ["login", "--username", "AWS", "--password-stdin", REGISTRY]
    assert pull == ["pull", "--platform", "linux/arm64", WEB]
    assert create[:4] == ["create", "--platform", "linux/arm64", WEB]
    assert copy[:2] == ["cp", "5c01d:/srv/assets/."]
    assert remove == ["rm", "5c01d"]
    assert not Path(copy[2]).exists()


@pytest.mark.usefixtures("repositories", "bucket")
def test_the_registrys_password_is_in_no_argument(environment: Environment, docker: Docker) -> None:
    push(environment, "web")
    docker.files.mkdir()
    (docker.files / "a.js").write_text("x")
    images.publish_assets(environment, "new", silent)
    assert password(docker)
    assert password(docker) not in docker.log.read_text()


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        (None, r"has no folder /srv/assets \(Could not find the file in container 5c01d\); correct the path"),
        (".", "has no file in /srv/assets; correct the path"),
        ("fonts", "has no file in /srv/assets; correct the path"),
    ],
    ids=["missing", "empty", "only folders"],
)
@pytest.mark.usefixtures("repositories")
def test_an_image_without_assets_is_refused(
    environment: Environment, docker: Docker, bucket: Callable[[], set[str]], folder: str | None, why: str
) -> None:
    push(environment, "web")
    if folder:
        (docker.files / folder).mkdir(parents=True)
    with pytest.raises(ToolError, match=f"services.web.assets_path: the image {WEB} {why}"):
        images.publish_assets(environment, "new", silent)
    assert bucket() == set()
    assert docker.calls[-1] == ["rm", "5c01d"]


@pytest.mark.usefixtures("repositories")
def test_a_link_out_of_the_image_publishes_nothing_of_this_machine(
    environment: Environment, docker: Docker, bucket: Callable[[], set[str]], tmp_path: Path
) -> None:
    push(environment, "web")
    (tmp_path / "credentials").write_text("of this machine")
    docker.files.mkdir()
    (docker.files / "a.js").write_text("x")
    (docker.files / "b.js").symlink_to(tmp_path / "credentials")
    with pytest.raises(ToolError, match=r"has a link in /srv/assets \(b.js\); copy the file there instead"):
        images.publish_assets(environment, "new", silent)
    assert bucket() == set()


@pytest.mark.usefixtures("repositories")
@pytest.mark.parametrize(("name", "said"), [(b"\xff.js", r"\\udcff\.js"), (b"a\n.js", r"a\\n\.js")])
def test_a_name_that_is_no_text_publishes_nothing(
    environment: Environment, docker: Docker, bucket: Callable[[], set[str]], name: bytes, said: str
) -> None:
    push(environment, "web")
    docker.files.mkdir()
    (docker.files / "a.js").write_text("x")
    (docker.files / os.fsdecode(name)).write_text("x")
    with pytest.raises(
        ToolError, match=rf"has a name in /srv/assets that is no text \('{said}'\); give the file another"
    ):
        images.publish_assets(environment, "new", silent)
    assert bucket() == set()


@pytest.mark.usefixtures("repositories")
def test_an_image_that_nobody_pushed_is_refused(environment: Environment, docker: Docker) -> None:
    with pytest.raises(ToolError, match=r"ECR has no image adelie-prod-web:new; build it first"):
        images.publish_assets(environment, "new", silent)
    assert docker.calls == []


def test_an_environment_may_have_no_assets(environment: Environment, docker: Docker) -> None:
    without = environment.model_copy(update={"services": {"chat": environment.services["chat"]}})
    said: list[str] = []
    assert images.publish_assets(without, "new", said.append) == 0
    assert said == ["No service of prod has an assets_path: there is nothing to upload."]
    assert docker.calls == []


def test_another_account_is_refused(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "333333333333")
    with pytest.raises(ToolError, match="prod lives in 222222222222"):
        images.publish_assets(environment, "new", silent)
