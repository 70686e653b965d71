"""The images of a release: built from the application's repository and pushed, and the assets that are in them."""

from __future__ import annotations

import mimetypes
import subprocess
from base64 import b64decode
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from botocore.exceptions import ClientError

from stacks.environment import Environment
from tools.aws import check_account, client
from tools.command import ToolError
from tools.release.workloads import built

Tell = Callable[[str], None]

_PLATFORMS: Final = {"ARM64": "linux/arm64", "X86_64": "linux/amd64"}
_YEAR: Final = "public, max-age=31536000, immutable"
"""For files whose names change with their content, as Vite's in assets/ do."""
_NEVER_STARTED: Final = "-"
"""A command for `docker create`, which refuses an image that has none; nothing runs it."""


def build(environment: Environment, tag: str, application: Path, tell: Tell) -> None:
    """Build and push the image of each repository that has none with the tag yet; a tag is never pushed twice.

    The folder of each is `build` in the environment's files, below `application`. Raises ToolError for a folder without
    a Dockerfile or outside of the working copy, before anything is built, and if Docker can't.
    """
    folders = {name: application / (settings.build or name) for name, settings in built(environment).items()}
    for name, folder in folders.items():
        # A link out of the working copy would put files of this machine into the image.
        if not folder.resolve().is_relative_to(application.resolve()):
            raise ToolError(f"{folder} is a link out of the application's repository; put the folder itself there.")
        if not (folder / "Dockerfile").is_file():
            raise ToolError(
                f"{folder} has no Dockerfile for {name} of {environment.name}; correct its `build:` in "
                f"environments/catalogue.yaml, or the application."
            )
    check_account(environment)
    ecr = client(environment, "ecr")
    todo = [name for name in folders if not _is_pushed(ecr, environment, name, tag)]
    for name in folders.keys() - set(todo):
        tell(f"{name}:{tag} is there already.")
    if todo:
        _log_in(ecr, environment)
    for name in todo:
        image = _image(environment, name, tag)
        tell(f"{name}: building {image}")
        _docker("buildx", "build", *_platform(environment, name), "--push", "--tag", image, str(folders[name]))


def publish_assets(environment: Environment, tag: str, tell: Tell) -> int:
    """Copy the assets of each service that has some from its image to the assets bucket; how many files that were.

    What `/assets/*` is asked for comes from that bucket only, so this comes before the deploy whose pages ask for it.
    The images needn't be on this machine: they are pulled by their tag. Everything is taken out of the images before
    the first file is uploaded. Raises ToolError for an image that isn't in ECR, and for one whose `assets_path` is
    missing, empty, or has a link or a name that is no text in it.
    """
    paths = {name: path for name, service in environment.services.items() if (path := service.assets_path)}
    if not paths:
        tell(f"No service of {environment.name} has an assets_path: there is nothing to upload.")
        return 0
    check_account(environment)
    ecr = client(environment, "ecr")
    for name in paths:
        if not _is_pushed(ecr, environment, name, tag):
            raise ToolError(
                f"ECR has no image {environment.names.name('aws_ecr_repository', name)}:{tag}; build it first: "
                f"`adelie release images`."
            )
    _log_in(ecr, environment)
    with TemporaryDirectory() as below:
        for name, path in paths.items():
            _take_out(environment, name, tag, path, Path(below) / name)
        return sum(_upload(environment, Path(below) / name, tell) for name in paths)


def _take_out(environment: Environment, name: str, tag: str, path: str, to: Path) -> None:
    """The folder of the image, copied. Raises ToolError if there is nothing in it that can be published."""
    image = _image(environment, name, tag)
    _docker("pull", *_platform(environment, name), image)
    to.mkdir()
    with _container(environment, name, image) as container:
        copied = _run("cp", f"{container}:{path}/.", str(to), capture=True)
    where = f"services.{name}.assets_path: the image {image}"
    if copied.returncode:
        why = " ".join(copied.stderr.decode().split()).rstrip(".")
        raise ToolError(f"{where} has no folder {path} ({why}); correct the path, or the Dockerfile.")
    entries = sorted(to.rglob("*"))
    # A link would be followed on this machine, and another file than the image's published.
    if links := [entry for entry in entries if entry.is_symlink()]:
        raise ToolError(f"{where} has a link in {path} ({links[0].relative_to(to)}); copy the file there instead.")
    if odd := [entry for entry in entries if not entry.name.isprintable()]:
        raise ToolError(f"{where} has a name in {path} that is no text ({odd[0].name!a}); give the file another.")
    if not any(entry.is_file() for entry in entries):
        raise ToolError(f"{where} has no file in {path}; correct the path, or have the Dockerfile build them.")


@contextmanager
def _container(environment: Environment, name: str, image: str) -> Generator[str]:
    """A container of the image that never starts; what can't be read from an image can be from it."""
    created = _run("create", *_platform(environment, name), image, _NEVER_STARTED, capture=True)
    if created.returncode:
        raise ToolError(f"docker create failed for {image}: {' '.join(created.stderr.decode().split())}")
    container = created.stdout.decode().strip()
    try:
        yield container
    finally:
        _run("rm", container, capture=True)


def _upload(environment: Environment, folder: Path, tell: Tell) -> int:
    """Put a folder's files into the assets bucket, under assets/; how many that were.

    Nothing is deleted: pages that are open, or cached, still ask for the files of the release before.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    s3, bucket = client(environment, "s3"), environment.names.bucket_name("assets")
    for file in files:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        key = f"assets/{file.relative_to(folder).as_posix()}"
        s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes(), ContentType=kind, CacheControl=_YEAR)
    tell(f"{len(files)} files of {folder.name} are in {bucket}.")
    return len(files)


def _registry(environment: Environment) -> str:
    return f"{environment.account_id}.dkr.ecr.{environment.region}.amazonaws.com"


def _image(environment: Environment, name: str, tag: str) -> str:
    return f"{_registry(environment)}/{environment.names.name('aws_ecr_repository', name)}:{tag}"


def _platform(environment: Environment, name: str) -> tuple[str, str]:
    return "--platform", _PLATFORMS[built(environment)[name].cpu_architecture]


def _is_pushed(ecr: Any, environment: Environment, name: str, tag: str) -> bool:  # noqa: ANN401 -- boto3's client
    repository = environment.names.name("aws_ecr_repository", name)
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code == "ImageNotFoundException":
            return False
        if code == "RepositoryNotFoundException":
            raise ToolError(
                f"AWS has no repository {repository}; make it first: `make prepare ENV={environment.name}`."
            ) from None
        raise
    return True


def _log_in(ecr: Any, environment: Environment) -> None:  # noqa: ANN401 -- boto3's client
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = b64decode(token).partition(b":")[2]
    _docker("login", "--username", "AWS", "--password-stdin", _registry(environment), given=password)


def _docker(*arguments: str, given: bytes | None = None) -> None:
    done = _run(*arguments, given=given)
    if done.returncode:
        raise ToolError(f"docker {arguments[0]} failed (exit code {done.returncode}); its own words are above.")


def _run(*arguments: str, given: bytes | None = None, capture: bool = False) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["docker", *arguments], input=given, capture_output=capture, check=False)
    except FileNotFoundError:
        raise ToolError("Docker is not installed; images are built, and read, where it is.") from None
