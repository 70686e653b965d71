"""`make bootstrap` where the state bucket's name is somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from stacks.environment import Environment
from tools.aws import client
from tools.command import ToolError
from tools.terraform.bootstrap import BootstrapDeploy, account_of
from tools.terraform.runner import Terraform


def test_a_bucket_of_somebody_else_is_a_sentence(environments: Mapping[str, Environment], tmp_path: Path) -> None:
    (real, *_) = [each for each in environments.values() if each.emulator is None]
    account = account_of(real)
    with mock_aws():
        s3 = client(real, "s3")
        terraform = Terraform("/no/terraform", tmp_path, {})
        state = tmp_path / "terraform.tfstate"
        deploy = BootstrapDeploy(terraform=terraform, account=account, local_state=state, s3=s3, backend={})
        with Stubber(s3) as stub:
            stub.add_client_error("head_bucket", "403", "Forbidden", 403)
            with pytest.raises(ToolError, match=f"The bucket {account.state.bucket} is another account's.*{real.name}"):
                deploy.deploy(lambda _: None)
