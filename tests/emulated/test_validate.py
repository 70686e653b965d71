"""`make validate`: each stack against the provider's schema, and which one it was that is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from emulated_provider.provider import Provider, attached
from tests.support import Synthesized
from tools.emulated.kinds import Kind
from tools.terraform.runner import Terraform, TerraformError, executable
from tools.terraform.validate import validate


def test_a_stack_with_an_argument_that_the_provider_has_not_is_named(
    platforms: Mapping[str, Synthesized], tmp_path: Path
) -> None:
    stack = platforms["bootstrap-staging"].document
    wrong = json.loads(json.dumps(stack))
    (bucket,) = wrong["resource"]["aws_s3_bucket"].values()
    bucket["colour"] = "blue"
    with attached(Provider(Kind.MOTO)) as environment:

        def written(name: str, document: object) -> Terraform:
            (tmp_path / name).mkdir()
            (tmp_path / name / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")
            settings = {"TF_CLI_CONFIG_FILE": os.devnull, **environment}
            return Terraform(executable(), tmp_path / name, settings)

        validate([written("right", stack)])
        with pytest.raises(TerraformError, match=r"^wrong: .*colour"):
            validate([written("wrong", wrong)])
