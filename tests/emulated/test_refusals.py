"""What must fail does: negative controls of the whole chain, and each says why."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulated_provider.provider import Provider, attached
from tests.emulated.deployment import emulated
from tools.emulated.emulators import Emulator
from tools.emulated.kinds import Kind
from tools.terraform.runner import Terraform, TerraformError, executable

pytestmark = pytest.mark.xdist_group("refusals")

VPC = {"aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}}}
Refusal = Callable[..., str]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    with emulated(Kind.MOTO, tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture
def refusal(emulator: Emulator, tmp_path: Path) -> Generator[Refusal]:
    """Applies a configuration that must be refused: the sentence."""
    with attached(Provider(Kind.MOTO, emulator.endpoint_url)) as environment:

        def refused(resources: Mapping[str, Any], provider: Mapping[str, Any] | None = None) -> str:
            settings = {"region": "ap-northeast-2", **(provider or {})}
            required = {"aws": {"source": "hashicorp/aws", "version": "6.25.0"}}
            configuration = {
                "terraform": {"required_providers": required},
                "provider": {"aws": settings},
                "resource": resources,
            }
            (tmp_path / "main.tf.json").write_text(json.dumps(configuration), encoding="utf-8")
            terraform = Terraform(executable(), tmp_path, {"TF_CLI_CONFIG_FILE": os.devnull, **environment})
            with pytest.raises(TerraformError) as caught:
                _apply(terraform)
            return str(caught.value)

        yield refused


def _apply(terraform: Terraform) -> None:
    terraform.init()
    terraform.validate()
    terraform.apply()


def test_a_configuration_without_fault_is_applied(refusal: Refusal) -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        refusal(VPC)


def test_a_reference_to_nothing(refusal: Refusal) -> None:
    subnet = {"vpc_id": "${aws_vpc.missing.id}", "cidr_block": "10.0.1.0/24"}
    assert "undeclared resource" in refusal({"aws_subnet": {"a": subnet}})


def test_a_missing_required_argument(refusal: Refusal) -> None:
    assert '"target_key_id" is required' in refusal({"aws_kms_alias": {"a": {"name": "alias/a"}}})


def test_an_unknown_argument(refusal: Refusal) -> None:
    sentence = refusal({"aws_vpc": {"main": {"cidr_block": "10.0.0.0/16", "cidr_blok": "10.0.0.0/16"}}})
    assert '"cidr_blok"' in sentence


def test_a_wrong_type(refusal: Refusal) -> None:
    assert "cidr_block" in (sentence := refusal({"aws_vpc": {"main": {"cidr_block": ["10.0.0.0/16"]}}}))
    assert "string required" in sentence


def test_a_read_only_argument(refusal: Refusal) -> None:
    sentence = refusal({"aws_vpc": {"main": {"cidr_block": "10.0.0.0/16", "arn": "arn:aws:ec2:::vpc/mine"}}})
    assert "arn" in sentence


def test_a_cycle(refusal: Refusal) -> None:
    groups = {name: {"description": f"${{aws_security_group.{other}.id}}"} for name, other in (("a", "b"), ("b", "a"))}
    assert "Cycle: " in refusal({"aws_security_group": groups})


def test_a_type_that_the_double_does_not_have(refusal: Refusal) -> None:
    assert "aws_glue_job" in refusal({"aws_glue_job": {"a": {"name": "a"}}})


def test_what_the_api_refuses(refusal: Refusal) -> None:
    subnet = {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "192.168.0.0/24"}
    sentence = refusal({**VPC, "aws_subnet": {"outside": subnet}})
    assert "aws_subnet.outside" in sentence
    assert "moto refused CreateSubnet: InvalidSubnet.Range" in sentence


def test_what_botocore_knows_to_be_wrong(refusal: Refusal) -> None:
    alias = {"name": "", "target_key_id": "1234"}
    assert "Invalid length for parameter AliasName" in refusal({"aws_kms_alias": {"a": alias}})


def test_an_endpoint_that_is_not_on_this_machine(refusal: Refusal) -> None:
    sentence = refusal(VPC, {"endpoints": [{"ec2": "https://ec2.ap-northeast-2.amazonaws.com"}]})
    assert "isn't on this machine" in sentence


def test_credentials_that_could_be_real(refusal: Refusal) -> None:
    sentence = refusal(VPC, {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "test"})
    assert "dummy" in sentence


def test_another_account(refusal: Refusal) -> None:
    sentence = refusal(VPC, {"allowed_account_ids": ["222222222222"]})
    assert "000000000000" in sentence
