"""`cdktf deploy localstack` is what deployed it; test_lifecycle.py sees `cdktf destroy localstack` leave nothing."""

from __future__ import annotations

import re

import pytest

from tests.emulated.conftest import BY_CDKTF, EVERY
from tests.emulated.deployment import Deployment


@pytest.mark.parametrize("deployment", [each for each in EVERY if each.values[0] == BY_CDKTF], indirect=True)
def test_cdktf_deploys(deployment: Deployment) -> None:
    said = re.sub(r"\x1b\[\d*m", "", deployment.said)
    # cdktf puts the stack's name before what it reads from Terraform at once, and breaks long lines.
    assert re.search(r"Apply complete! Resources:\s+\d{3} added,\s+0 changed,\s+0 destroyed", said)
    assert deployment.outputs["objects_bucket"] in deployment.said
    assert deployment.client("s3").head_bucket(Bucket=deployment.outputs["objects_bucket"])
