"""`cdktf deploy localstack` and `cdktf destroy localstack`, the commands that people know, from end to end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import main
from stacks.environment import Environment
from tests.emulated.deployment import IMAGE_TAG, prepared
from tests.emulated.emulated_aws import EmulatedAws
from tests.emulated.inventory import inventory
from tests.support import Synthesized
from tools.command import ROOT
from tools.emulated.emulators import Kind


@pytest.mark.slow
def test_cdktf_deploys_and_destroys(environments: Mapping[str, Environment], tmp_path: Path) -> None:
    main.build(list(environments.values()), str(tmp_path / "cdktf.out")).synth()
    shutil.copy(ROOT / "cdktf.json", tmp_path)
    folder = tmp_path / "cdktf.out" / "stacks" / "localstack"
    environment = environments["localstack"]
    stack = Synthesized(json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8")))
    with prepared(environment, Kind.MINISTACK, stack, folder) as (emulator, _, terraform, _):
        aws = EmulatedAws(emulator, environment.region)

        def cdktf(command: str) -> None:
            options = ("--auto-approve", "--skip-synth", "--skip-provider-lock", "--var", f"image_tag={IMAGE_TAG}")
            done = subprocess.run(
                [ROOT / ".venv" / "bin" / "cdktf", command, "localstack", *options],
                cwd=tmp_path,
                env={**os.environ, "CI": "true", **terraform.environment},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr

        def held() -> dict[str, list[str]]:
            return inventory(aws)

        before = held()
        cdktf("deploy")
        assert terraform.outputs()["objects_bucket"] in held()["buckets"]
        cdktf("destroy")
        assert held() == before
