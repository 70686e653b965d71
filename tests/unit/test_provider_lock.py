"""Checksums of the provider: written for every platform, put beside each stack, and another provider is refused."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from stacks import providers
from tools.terraform import provider_lock
from tools.terraform.runner import Terraform, TerraformError, executable

SOURCE, VERSION = "registry.terraform.io/example/aws", "6.26.0"

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")


def mirror(folder: Path, content: str) -> Path:
    """A folder that Terraform takes for a registry, with a provider that consists of the content."""
    packages = folder / SOURCE
    packages.mkdir(parents=True)
    for platform in provider_lock.PLATFORMS:
        with zipfile.ZipFile(packages / f"terraform-provider-aws_{VERSION}_{platform}.zip", "w") as archive:
            entry = zipfile.ZipInfo(f"terraform-provider-aws_v{VERSION}")
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, f"{platform} {content}")
    return folder


@pytest.fixture(scope="module")
def lock_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lock")
    good = mirror(folder / "good", "good")
    provider_lock.write(SOURCE, VERSION, folder / "terraform.lock.hcl", f"-fs-mirror={good}")
    return folder / "terraform.lock.hcl"


@needs_terraform
def test_the_lock_has_a_checksum_for_each_platform(lock_file: Path) -> None:
    text = lock_file.read_text()
    assert f'version     = "{VERSION}"' in text
    assert text.count('"h1:') == len(provider_lock.PLATFORMS)


@needs_terraform
def test_a_provider_with_another_checksum_is_not_run(
    lock_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = tmp_path / "stacks" / "prod"
    stack.mkdir(parents=True)
    required = {"aws": {"source": SOURCE, "version": VERSION}}
    (stack / "cdk.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
    monkeypatch.setattr(providers, "LOCK", lock_file)
    providers.lock(tmp_path)
    swapped = mirror(tmp_path / "swapped", "malicious")
    settings = tmp_path / "terraformrc"
    settings.write_text(f'provider_installation {{ filesystem_mirror {{ path = "{swapped}" }} }}')
    terraform = Terraform(executable(), stack, {"TF_CLI_CONFIG_FILE": str(settings)})
    with pytest.raises(TerraformError, match="doesn't match any of the checksums"):
        terraform.init()


def test_without_a_lock_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = tmp_path / "stacks" / "prod"
    stack.mkdir(parents=True)
    (stack / "cdk.tf.json").write_text("{}")
    monkeypatch.setattr(providers, "LOCK", tmp_path / "none")
    providers.lock(tmp_path)
    assert [file.name for file in stack.iterdir()] == ["cdk.tf.json"]
