"""`make up`, `make status` and `make down`, in folders of the test's own and on a free port."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support import Synthesized
from tools.command import ROOT, ToolError
from tools.emulated import emulators
from tools.emulated.emulators import Emulator, EmulatorError
from tools.emulated.kinds import Kind
from tools.emulated.local import LocalPlatform
from tools.terraform import runner
from tools.terraform.runner import Terraform, TerraformError

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local")]


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    monkeypatch.setenv("LOCALSTACK_HOST", f"localhost:{number}")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("EMULATOR", raising=False)
    monkeypatch.delenv("PROVIDER", raising=False)
    return number


@pytest.fixture
def platform(port: int, platforms: Mapping[str, Synthesized], tmp_path: Path) -> LocalPlatform:
    """A synthesized stack that nothing has deployed yet; whatever a test starts is stopped after it."""
    synthesized, stack = platforms["localstack"], tmp_path / "stack"
    assert synthesized.folder
    shutil.copytree(synthesized.folder, stack)
    text = json.dumps(synthesized.document).replace("http://localhost:4566", f"http://localhost:{port}")
    (stack / "cdk.tf.json").write_text(text, encoding="utf-8")
    return LocalPlatform(tmp_path / "local", stack)


@pytest.fixture(autouse=True)
def nothing_stays(platform: LocalPlatform) -> object:
    yield
    emulator = emulators.running(platform.folder)
    if emulator:
        emulator.stop()


def buckets(port: int) -> list[str]:
    client = Emulator(Kind.MINISTACK, port, None).client("s3", "ap-northeast-2")
    return [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_up_twice_and_down(platform: LocalPlatform, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    platform.up()
    first = capsys.readouterr().out
    assert "adelie-localstack-objects-000000000000" in first
    assert "adelie/localstack/jwt-secret" in first
    assert "Left out, since MiniStack has no Application Auto Scaling: 6 resources." in first
    (exist,), (changed,) = (
        re.findall(r"(\d+) resources in MiniStack", first),
        re.findall(r"(\d+) resources changed", first),
    )
    assert int(exist) == int(changed) > 100
    assert "adelie-localstack-objects-000000000000" in buckets(port)

    platform.up()
    assert "Nothing changed" in capsys.readouterr().out
    platform.status()
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().out

    platform.down()
    assert not is_open(port)
    assert not platform.folder.exists()
    assert not list(platform.stack.glob("*.tfstate*"))
    capsys.readouterr()
    platform.status()
    assert "Nothing is running" in capsys.readouterr().out


def test_an_up_that_was_killed_is_repeated(platform: LocalPlatform, port: int) -> None:
    code = "import sys, pathlib, tools.emulated.local as l; l.LocalPlatform(*map(pathlib.Path, sys.argv[1:])).up()"
    killed = subprocess.Popen(
        [sys.executable, "-c", code, platform.folder, platform.stack],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}"},
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: is_open(port) and buckets(port) != [])
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert killed.returncode == -signal.SIGKILL
    platform.up()
    assert "adelie-localstack-objects-000000000000" in buckets(port)


def test_an_emulator_that_dies_half_way(platform: LocalPlatform, port: int) -> None:
    def kill() -> None:
        wait_for(lambda: is_open(port) and buckets(port) != [])
        emulator = emulators.running(platform.folder)
        assert emulator is not None
        emulator.stop()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ToolError, match=r"^MiniStack stopped half-way \(.*\); run `make up` again\.$"):
        platform.up()
    killer.join()
    assert not is_open(port)


def test_what_the_emulator_refuses_leaves_nothing_running(platform: LocalPlatform, port: int) -> None:
    file = platform.stack / "cdk.tf.json"
    file.write_text(file.read_text().replace('"rotation_period_in_days": 365', '"rotation_period_in_days": 7'))
    with pytest.raises(TerraformError, match="aws_kms_key"):
        platform.up()
    assert not is_open(port)


def test_a_full_disk(platform: LocalPlatform, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Terraform) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "terraform.log")

    monkeypatch.setattr(Terraform, "init", full)
    with pytest.raises(ToolError, match=r"^terraform\.log: No space left on device; make room there"):
        platform.up()
    assert not is_open(port)


def test_a_port_that_is_taken(platform: LocalPlatform, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), pytest.raises(EmulatorError, match=f"{port}"):
        platform.up()
    assert emulators.running(platform.folder) is None


def test_another_emulator_while_one_runs(platform: LocalPlatform, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    emulators.start(Kind.MINISTACK, port=port, folder=platform.folder, detached=True)
    monkeypatch.setenv("EMULATOR", "moto")
    with pytest.raises(ToolError, match="MiniStack runs already; run `make down` first"):
        platform.up()
    assert is_open(port)


@pytest.mark.parametrize(
    ("variable", "named"), [("EMULATOR", "ministack, moto or localstack"), ("PROVIDER", "hashicorp")]
)
def test_a_choice_that_there_is_not(
    platform: LocalPlatform, port: int, monkeypatch: pytest.MonkeyPatch, variable: str, named: str
) -> None:
    monkeypatch.setenv(variable, "something")
    with pytest.raises(ToolError, match=f"^{variable}=something .*{named}"):
        platform.up()
    assert not is_open(port)


def test_without_terraform(platform: LocalPlatform, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TerraformError, match=r"^Terraform is not installed; install 1\.11 or newer"):
        platform.up()
    assert not is_open(port)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ('{"terraform_version": "1.9.8"}', r"^Terraform 1\.9 \(.*\) is too old; install 1\.11 or newer"),
        ("tofu", r" is not Terraform, or does not run; install 1\.11 or newer"),
    ],
)
def test_with_a_terraform_that_is_not_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, sentence: str
) -> None:
    program = tmp_path / "terraform"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerraformError, match=sentence):
        runner.executable()


def wait_for(condition: Callable[[], bool], patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
