"""An emulated AWS on this machine: start it, find it again, reset it, stop it.

MiniStack and moto are Python programs and run as our own processes. They listen on 127.0.0.1 only, write into one
folder only, and get an environment of their own, so that no credentials reach them and no settings meant for others.
LocalStack runs in Docker and isn't ours to start or stop: it is only looked for.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import importlib.util
import json
import os
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from botocore.config import Config
from botocore.loaders import create_loader
from localstack_client import session as localstack  # pyright: ignore[reportMissingTypeStubs]

from tools.command import Json, ToolError, shown
from tools.emulated import processes
from tools.emulated.kinds import APIS, HOST, Kind, answers, listening, occupant, request

ACCOUNT_ID: Final = "000000000000"
"""The account of an emulator for which no other is chosen."""
RECORD: Final = "emulator.json"
LOG: Final = "emulator.log"

_POLL_SECONDS: Final = 0.02
_LAST_PORT: Final = 65535
_INHERITED: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
_LOCALSTACK_UP: Final = "LOCALSTACK_AUTH_TOKEN=... docker compose -f docker-compose.localstack.yml up --detach --wait"


class EmulatorError(ToolError):
    """Why there is no emulator; its text is one sentence with the fix."""


class EmulatorSession(localstack.Session):
    """localstack-client's session, of every service, at this emulator whatever AWS_ENDPOINT_URL says."""

    def __init__(self, endpoint_url: str, region: str, account_id: str) -> None:
        # MiniStack and LocalStack take an access key of 12 digits for the account's id.
        super().__init__(account_id, "test", region_name=region)  # pyright: ignore[reportUnknownMemberType]
        services = create_loader().list_available_services("service-2")
        self._service_endpoint_mapping = dict.fromkeys(services, endpoint_url)

    def client(self, service_name: str, **kwargs: Any) -> Any:  # noqa: ANN401 -- the caller states which client it is
        """A boto3 client that goes past proxies and puts nothing before the host's name."""
        config = Config(
            proxies={},
            inject_host_prefix=False,
            connect_timeout=5,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        arguments: dict[str, Any] = {"config": config, **kwargs}
        return super().client(service_name, **arguments)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


@dataclass(frozen=True)
class Emulator:
    """An emulator that runs. One that is not detached lives as long as this object and the program that started it."""

    kind: Kind
    port: int
    pid: int | None
    """Its process; None for LocalStack, which is not ours."""
    account_id: str = ACCOUNT_ID
    started: str | None = None
    """When its process started."""
    record: Path | None = None
    """The file by which another command finds it, if it is detached."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False, compare=False)

    @property
    def endpoint_url(self) -> str:
        """Where every service is."""
        return f"http://{HOST}:{self.port}"

    def healthy(self) -> bool:
        """Whether it answers, and is the emulator that it should be."""
        return answers(self.kind, self.port)

    def reset(self) -> None:
        """Forget everything that was created. Raises EmulatorError."""
        answer = request(self.port, "POST", APIS[self.kind].reset, timeout=30)
        if answer is None or answer[0] != http.client.OK:
            why = "it does not answer" if answer is None else f"HTTP {answer[0]}"
            raise EmulatorError(f"{self.kind.label} on port {self.port} was not reset ({why}); start it again.")

    def session(self, region: str, account_id: str | None = None) -> EmulatorSession:
        """A session with dummy credentials, in the emulator's own account or another one. Raises EmulatorError."""
        account_id = account_id or self.account_id
        if self.kind is Kind.MOTO and account_id != self.account_id:
            raise EmulatorError(
                f"This moto is account {self.account_id} for every client; start another one for {account_id}."
            )
        return EmulatorSession(self.endpoint_url, region, account_id)

    def client(self, service: str, region: str) -> Any:  # noqa: ANN401 -- the caller states which client it is
        """A boto3 client of a service, in the emulator's own account."""
        return self.session(region).client(service)

    def stop(self) -> None:
        """End our own process and return when its port is free; LocalStack goes on."""
        if self.pid is not None:
            processes.end(self.pid, self.started)
        if self.process is not None:
            self.process.communicate()
        if self.record is not None:
            self.record.unlink(missing_ok=True)


def chosen(environ: Mapping[str, str] = os.environ) -> Kind:
    """The emulator that EMULATOR names, MiniStack if it names none. Raises EmulatorError."""
    name = environ.get("EMULATOR", "").strip().lower() or Kind.MINISTACK
    if name not in list(Kind):
        raise EmulatorError(f"EMULATOR={name} is not an emulator; set it to ministack, moto or localstack.")
    return Kind(name)


def start(
    kind: Kind, *, port: int, folder: Path, account_id: str | None = None, detached: bool, patience: float = 30
) -> Emulator:
    """Start an emulator (LocalStack: find it) and return when it is healthy. Port 0 is any free one.

    Detached, it outlives this program, and `running` finds it by the folder; else it ends with this program, however
    that ends. Raises EmulatorError, and then has left nothing running.
    """
    folder = folder.resolve()
    account_id = account_id or ACCOUNT_ID
    record = folder / RECORD if detached else None
    if kind is Kind.LOCALSTACK:
        _find_localstack(port, patience)
        return _recorded(Emulator(kind, port, None, account_id, record=record))
    if importlib.util.find_spec(kind) is None:
        others = " or ".join(f"EMULATOR={other}" for other in Kind if other is not kind)
        raise EmulatorError(f"{kind.label} is not installed; run `make setup`, or choose {others}.")
    port = _free(port)
    with _launched(kind, port, folder, account_id) as process:
        _wait(kind, port, folder / LOG, process, patience)
        if kind is Kind.MOTO:
            _keep_from_docker(port)
        since = processes.started(process.pid)
        emulator = _recorded(Emulator(kind, port, process.pid, account_id, since, record, process))
        if detached:
            processes.let_go(process)
    return emulator


def running(folder: Path) -> Emulator | None:
    """The emulator that was started detached with this folder, if it still runs. A stale record is removed."""
    record = folder.resolve() / RECORD
    try:
        text = record.read_text(encoding="utf-8")
    except OSError:
        return None
    with contextlib.suppress(ValueError, LookupError, TypeError):
        fields: Json = json.loads(text)
        kind, port, pid = Kind(fields["kind"]), int(fields["port"]), fields["pid"]
        emulator = Emulator(kind, port, pid, fields["account_id"], fields["started"], record)
        if emulator.healthy() if pid is None else processes.started(pid) == emulator.started:
            return emulator
    record.unlink(missing_ok=True)
    return None


def last_log_line(folder: Path) -> str:
    """The last line that the emulator logged, for the sentence that says why it is gone."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


@contextlib.contextmanager
def _launched(kind: Kind, port: int, folder: Path, account_id: str) -> Generator[subprocess.Popen[bytes]]:
    """The emulator's process; if the body fails, it and the record of it are gone."""
    with _writing(folder):
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        log = (folder / LOG).open("wb", buffering=0)
    with log:
        with _writing(folder):
            log.write(f"{kind.label} on {HOST}:{port}\n".encode())  # a full disk shows here, not as a mute emulator
        module = ["moto.server", "--host", HOST, "--port", str(port)] if kind is Kind.MOTO else [kind.value]
        environment = _environment(kind, port, folder, account_id)
        process = processes.launch(module, folder=folder, environment=environment, log=log)
    try:
        yield process
    except BaseException:
        process.kill()
        process.communicate()
        (folder / RECORD).unlink(missing_ok=True)
        raise


def _environment(kind: Kind, port: int, folder: Path, account_id: str) -> dict[str, str]:
    """All variables that the emulator gets: no credentials, no proxies, and nowhere to write but the folder."""
    common = {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONUNBUFFERED": "1",
        "DOCKER_HOST": f"unix://{folder}/no-docker.sock",  # so that none starts containers, or sweeps old ones away
    }
    if kind is Kind.MOTO:
        return common | {"MOTO_ACCOUNT_ID": account_id, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    return common | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,  # its default is every address
        "MINISTACK_ACCOUNT_ID": account_id,
        "STATE_DIR": str(folder / "state"),  # Cognito's keys are written there, persistence or not
        "S3_DATA_DIR": str(folder / "s3"),
        "IOT_MTLS_ENABLED": "0",  # MQTT and SFTP would listen on every address
        "SFTP_ENABLED": "0",
        "LAMBDA_STRICT": "1",  # a function's code is kept but not run on this machine
    }


def _wait(kind: Kind, port: int, log: Path, process: subprocess.Popen[bytes], patience: float) -> None:
    """Return when the process answers. Its log must say so too: if two race for the port, the other one may answer."""
    bound = f"Running on http://{HOST}:{port}"
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            line = last_log_line(log.parent)
            raise EmulatorError(f"{kind.label} ended while it started ({line}); read {shown(log)} and start it again.")
        if bound in log.read_text(encoding="utf-8", errors="replace") and answers(kind, port):
            return
        time.sleep(_POLL_SECONDS)
    raise EmulatorError(
        f"{kind.label} did not answer on port {port} in {patience:g} seconds; read {shown(log)} and start it again."
    )


def _keep_from_docker(port: int) -> None:
    """Let moto answer for Lambda and Batch without containers; it has no variable for that."""
    settings = {service: {"use_docker": False} for service in ("lambda", "batch")}
    request(port, "POST", APIS[Kind.MOTO].health, json.dumps(settings).encode())


def _find_localstack(port: int, patience: float) -> None:
    """Return when LocalStack answers; while it starts, connections are accepted but not answered."""
    deadline = time.monotonic() + patience
    while not answers(Kind.LOCALSTACK, port):
        if not listening(port):
            raise EmulatorError(
                f"No LocalStack runs on port {port}; start it (`{_LOCALSTACK_UP}`), or choose EMULATOR=ministack or "
                f"EMULATOR=moto, which need neither Docker nor a token."
            )
        if request(port, "GET", APIS[Kind.LOCALSTACK].health) is not None or time.monotonic() > deadline:
            raise EmulatorError(
                f"What runs on port {port} is {occupant(port)}, not LocalStack; stop it, or choose EMULATOR=ministack "
                f"or EMULATOR=moto, or another port with PORT=..."
            )
        time.sleep(_POLL_SECONDS)


def _free(port: int) -> int:
    """The port, or any for 0, once nobody else has it. Raises EmulatorError."""
    if not 0 <= port <= _LAST_PORT:
        raise EmulatorError(f"There is no port {port}; choose one up to {_LAST_PORT} with PORT=...")
    taken = port != 0 and listening(port)  # macOS lets two bind where Linux refuses the second
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                why = os.strerror(error.errno or 0)
                raise EmulatorError(f"Port {port} can't be used ({why}); choose one above 1023 with PORT=...") from None
            taken = True
        if taken:
            raise EmulatorError(f"Port {port} is taken by {occupant(port)}; stop it, or choose another with PORT=...")
        return probe.getsockname()[1]


def _recorded(emulator: Emulator) -> Emulator:
    """The emulator, after its record is written (all of it or nothing) if it has one."""
    if emulator.record is not None:
        fields = {name: getattr(emulator, name) for name in ("kind", "port", "pid", "account_id", "started")}
        new = emulator.record.with_suffix(".new")
        with _writing(emulator.record.parent):
            emulator.record.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(fields) + "\n", encoding="utf-8")
            new.replace(emulator.record)
    return emulator


@contextlib.contextmanager
def _writing(folder: Path) -> Generator[None]:
    """Say in one sentence that the folder can't be written."""
    try:
        yield
    except OSError as error:
        fix = "free some space" if error.errno == errno.ENOSPC else "make it a folder that you may write to"
        raise EmulatorError(f"The emulator can't write to {shown(folder)} ({error.strerror}); {fix}.") from None
