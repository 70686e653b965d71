"""The error when there can be no emulator, and that nothing is left of it; LocalStack, which is only looked for."""

from __future__ import annotations

import errno
import http.server
import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.command import ROOT
from tools.emulated import emulators, processes
from tools.emulated.emulators import Emulator, EmulatorError, chosen, last_log_line, running, start
from tools.emulated.kinds import Kind

MINISTACK: Mapping[str, object] = {"/_ministack/health": {"services": {}}, "/_localstack/health": {"services": {}}}
MOTO: Mapping[str, object] = {"/moto-api/config": {"lambda": {}}}
LOCALSTACK: Mapping[str, object] = {
    "/_localstack/health": {"services": {"s3": "available"}, "edition": "pro", "version": "2026.9.0"},
    "/_localstack/state/reset": {},
}


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were launched since."""
    known: list[subprocess.Popen[bytes]] = []
    launch = processes.launch

    def noted(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        known.append(launch(*args, **kwargs))
        return known[-1]

    monkeypatch.setattr(processes, "launch", noted)
    return known


@contextmanager
def served(pages: Mapping[str, object]) -> Generator[tuple[int, list[str]]]:
    """A program on a port that answers these paths with JSON, and what it was asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(json.dumps(pages.get(self.path)).encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Not in the test's output."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def refusal(kind: Kind, folder: Path, *, port: int = 0, patience: float = 30) -> str:
    """The error instead of a start, which leaves no record."""
    with pytest.raises(EmulatorError) as refused:
        start(kind, port=port, folder=folder, detached=True, patience=patience)
    assert running(folder) is None
    assert not (folder / "emulator.json").exists()
    return str(refused.value)


def compose(service: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.localstack.yml").read_text())["services"][service]


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, Kind.MINISTACK), ("", Kind.MINISTACK), ("moto", Kind.MOTO), ("LocalStack", Kind.LOCALSTACK)],
)
def test_the_choice(value: str | None, kind: Kind) -> None:
    assert chosen({} if value is None else {"EMULATOR": value}) is kind


def test_an_unknown_choice() -> None:
    with pytest.raises(EmulatorError) as refused:
        chosen({"EMULATOR": "azurite"})
    assert str(refused.value) == "EMULATOR=azurite is not an emulator; set it to ministack, moto or localstack."


@pytest.mark.parametrize(
    ("pages", "who"),
    [(MINISTACK, "MiniStack"), (MOTO, "moto"), (LOCALSTACK, "LocalStack"), ({}, "another program")],
    ids=["MiniStack", "moto", "LocalStack", "another program"],
)
def test_a_port_that_is_taken(pages: Mapping[str, object], who: str, tmp_path: Path, launched: list[object]) -> None:
    with served(pages) as (port, _):
        sentence = refusal(Kind.MOTO, tmp_path, port=port)
    assert sentence == f"Port {port} is taken by {who}; stop it, or choose another with PORT=..."
    assert not launched


def test_who_takes_the_port_meanwhile_is_not_thought_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulators, "_free", int)
    with served(MINISTACK) as (port, _):
        sentence = refusal(Kind.MINISTACK, tmp_path, port=port)
    assert sentence.startswith("MiniStack ended while it started (")


def test_a_port_that_does_not_exist(tmp_path: Path) -> None:
    sentence = refusal(Kind.MOTO, tmp_path, port=70000)
    assert sentence == "There is no port 70000; choose one up to 65535 with PORT=..."


def test_a_port_that_is_not_permitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket(socket.socket):
        def bind(self, address: Any, /) -> None:
            raise PermissionError(errno.EACCES, f"not {address}")

    monkeypatch.setattr(socket, "socket", Socket)
    sentence = refusal(Kind.MOTO, tmp_path)
    assert sentence == "Port 0 can't be used (Permission denied); choose one above 1023 with PORT=..."


def test_a_package_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", dict[str, None]().get)
    sentence = refusal(Kind.MINISTACK, tmp_path)
    assert sentence == "MiniStack is not installed; run `make setup`, or choose EMULATOR=moto or EMULATOR=localstack."


def test_an_emulator_that_ends_at_once(tmp_path: Path, launched: list[subprocess.Popen[bytes]]) -> None:
    port = free_port()
    (tmp_path / "tmp" / f"ministack-{port}.pid").mkdir(parents=True)
    sentence = refusal(Kind.MINISTACK, tmp_path, port=port)
    log = re.escape(str(tmp_path / "emulator.log"))
    assert re.fullmatch(
        rf"MiniStack ended while it started \(IsADirectoryError: .+\); read {log} and start it again\.", sentence
    )
    assert launched[0].returncode


def test_an_emulator_that_is_too_slow(tmp_path: Path, launched: list[subprocess.Popen[bytes]]) -> None:
    sentence = refusal(Kind.MOTO, tmp_path, port=(port := free_port()), patience=0)
    log = tmp_path / "emulator.log"
    assert sentence == f"moto did not answer on port {port} in 0 seconds; read {log} and start it again."
    assert launched[0].returncode


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
@pytest.mark.parametrize(("full", "launches"), [("emulator.log", 0), ("emulator.new", 1)])
def test_a_full_disk(full: str, launches: int, tmp_path: Path, launched: list[subprocess.Popen[bytes]]) -> None:
    (tmp_path / full).symlink_to("/dev/full")
    sentence = refusal(Kind.MINISTACK, tmp_path)
    assert sentence == f"The emulator can't write to {tmp_path} (No space left on device); free some space."
    assert [process.returncode is not None for process in launched] == [True] * launches


def test_an_interruption_at_the_last_moment(
    tmp_path: Path, launched: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(process: object) -> None:
        assert (tmp_path / "emulator.json").exists(), process
        raise KeyboardInterrupt

    monkeypatch.setattr(processes, "let_go", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start(Kind.MINISTACK, port=0, folder=tmp_path, detached=True)
    assert not (tmp_path / "emulator.json").exists()
    assert launched[0].returncode


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sentence = refusal(Kind.MOTO, folder := tmp_path / "file" / "folder")
    assert (
        sentence == f"The emulator can't write to {folder} (Not a directory); make it a folder that you may write to."
    )


def test_a_reset_of_what_is_gone() -> None:
    port = free_port()
    with pytest.raises(EmulatorError) as refused:
        Emulator(Kind.MOTO, port, None).reset()
    assert str(refused.value) == f"moto on port {port} was not reset (it does not answer); start it again."


def test_a_reset_that_is_refused() -> None:
    with served({}) as (port, _), pytest.raises(EmulatorError, match=r"was not reset \(HTTP 404\); start it again\.$"):
        Emulator(Kind.MOTO, port, None).reset()


def test_what_an_emulator_said_last(tmp_path: Path) -> None:
    assert last_log_line(tmp_path) == "it said nothing"
    (tmp_path / "emulator.log").write_text("first\nMemoryError\n\n")
    assert last_log_line(tmp_path) == "MemoryError"


def test_localstack_is_found_and_left_running(tmp_path: Path) -> None:
    with served(LOCALSTACK) as (port, asked):
        found = start(Kind.LOCALSTACK, port=port, folder=tmp_path, detached=True)
        assert found.pid is None
        assert running(tmp_path) == found
        found.reset()
        assert asked[-1] == "POST /_localstack/state/reset"
        found.stop()
        assert running(tmp_path) is None
        assert found.healthy()
        start(Kind.LOCALSTACK, port=port, folder=tmp_path, detached=True)
    assert running(tmp_path) is None


def test_localstack_that_does_not_run(tmp_path: Path) -> None:
    sentence = refusal(Kind.LOCALSTACK, tmp_path, port=(port := free_port()))
    assert sentence == (
        f"No LocalStack runs on port {port}; start it (`LOCALSTACK_AUTH_TOKEN=... docker compose -f "
        "docker-compose.localstack.yml up --detach --wait`), or choose EMULATOR=ministack or EMULATOR=moto, which need "
        "neither Docker nor a token."
    )


@pytest.mark.parametrize(
    ("pages", "who"),
    [(MINISTACK, "MiniStack"), (MOTO, "moto"), ({}, "another program")],
    ids=["MiniStack", "moto", "?"],
)
def test_localstack_that_is_something_else(pages: Mapping[str, object], who: str, tmp_path: Path) -> None:
    with served(pages) as (port, _):
        sentence = refusal(Kind.LOCALSTACK, tmp_path, port=port)
    assert sentence == (
        f"What runs on port {port} is {who}, not LocalStack; stop it, or choose EMULATOR=ministack or EMULATOR=moto, "
        "or another port with PORT=..."
    )


@pytest.mark.parametrize("token", ["", "ls-token"])
def test_the_container_says_that_localstack_needs_a_token(token: str, tmp_path: Path) -> None:
    entrypoint = tmp_path / "docker-entrypoint.sh"
    entrypoint.write_text("#!/bin/sh\necho started\n")
    entrypoint.chmod(0o755)
    command = [word.replace("$$", "$") for word in compose("localstack")["entrypoint"]]
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOCALSTACK_AUTH_TOKEN": token}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if token:
        assert (done.returncode, done.stdout, done.stderr) == (0, "started\n", "")
    else:
        assert (done.returncode, done.stdout) == (1, "")
        assert all(word in done.stderr for word in ("export LOCALSTACK_AUTH_TOKEN", "make up", "up ministack"))


def test_ministack_in_docker_needs_no_token_and_is_the_version_tested_here() -> None:
    assert compose("ministack")["profiles"] == ["ministack"]
    assert compose("localstack")["environment"]["LOCALSTACK_AUTH_TOKEN"] == "${LOCALSTACK_AUTH_TOKEN:-}"
    pinned = re.search(r"^ministack==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert pinned is not None
    assert compose("ministack")["image"] == f"ministackorg/ministack:{pinned[1]}"
