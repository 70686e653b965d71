"""The lazy provider must change how fast a stack is synthesized, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adelie.seam import startup

ROOT = Path(__file__).parents[2]

SYNTHESIZE_ONE_STACK = """
from adelie.seam import aws
from adelie.seam.terraform import App, TerraformStack, Testing
import sys
stack = TerraformStack(App(), "compared")
vpc = aws.Vpc(stack, "vpc", cidr_block="10.0.0.0/16", tags={"Name": "compared"})
aws.Subnet(stack, "subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
sys.stdout.write(Testing.synth(stack))
"""


def synthesized(switch: str) -> str:
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'constructs'}{os.pathsep}{ROOT}", startup.EAGER_SWITCH: switch}
    return subprocess.run(
        [sys.executable, "-c", SYNTHESIZE_ONE_STACK], env=environ, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.slow
def test_lazy_and_eager_provider_synthesize_the_same_bytes() -> None:
    lazy = synthesized("")
    assert '"aws_subnet"' in lazy
    assert lazy == synthesized("1")


def test_node_options_of_the_user_are_kept_and_restored() -> None:
    environ = {"NODE_OPTIONS": "--trace-warnings"}
    with startup.prepare(environ):
        assert environ["NODE_OPTIONS"].startswith("--trace-warnings --require=")
    assert environ["NODE_OPTIONS"] == "--trace-warnings"


def test_node_options_are_removed_again_where_there_were_none() -> None:
    environ: dict[str, str] = {}
    with startup.prepare(environ):
        assert "lazy_provider_index.js" in environ["NODE_OPTIONS"]
    assert "NODE_OPTIONS" not in environ


def test_the_switch_leaves_node_options_alone() -> None:
    environ = {startup.EAGER_SWITCH: "1"}
    with startup.prepare(environ):
        assert "NODE_OPTIONS" not in environ


def test_a_node_of_the_users_own_wins() -> None:
    environ = {"JSII_NODE": "/opt/node/bin/node"}
    with startup.prepare(environ):
        assert environ["JSII_NODE"] == "/opt/node/bin/node"


def test_without_one_of_their_own_the_node_beside_python_is_used() -> None:
    environ: dict[str, str] = {}
    with startup.prepare(environ):
        assert environ["JSII_NODE"] == str(startup.bundled_node())
    version = subprocess.run([environ["JSII_NODE"], "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("v22.")


def test_a_missing_provider_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_provider is not installed; run `make setup`"):
        startup._register_bare_package("no_such_provider")  # pyright: ignore[reportPrivateUsage]
