"""Real emulators, started as `make up` and the suite start them, and stopped."""

from __future__ import annotations

import http.client
import io
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tools.command import ROOT
from tools.emulated import processes
from tools.emulated.emulators import Emulator, EmulatorError, EmulatorSession, running, start
from tools.emulated.kinds import Kind

pytestmark = pytest.mark.xdist_group("emulators")

REGION = "ap-northeast-2"
ACCOUNT = "210987654321"
NOBODY = "http://127.0.0.1:9"
LAMBDA_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
STARTER = """
import sys, time
from pathlib import Path
from tools.emulated import emulators
from tools.emulated.kinds import Kind

def stuck(kind, port, log, process, patience):
    print(process.pid, flush=True)
    time.sleep(60)

then, folder = sys.argv[1], Path(sys.argv[2])
if then == "be killed half-way":
    emulators._wait = stuck
emulator = emulators.start(Kind.MINISTACK, port=0, folder=folder, detached=then != "be killed")
if then == "be killed":
    stuck(None, None, None, emulator, None)
"""
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux's /proc")

Emulators = Mapping[Kind, tuple[Emulator, Path]]


@pytest.fixture(scope="module", autouse=True)
def developer() -> Iterator[None]:
    """Somebody with real credentials, a proxy and another endpoint in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "real")
        patch.setenv("AWS_SESSION_TOKEN", "real")
        for name in ("AWS_ENDPOINT_URL", "HTTP_PROXY", "http_proxy"):
            patch.setenv(name, NOBODY)
        yield


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    """One of each that needs no Docker, and its folder."""
    ours: dict[Kind, tuple[Emulator, Path]] = {}
    try:
        for kind in (Kind.MINISTACK, Kind.MOTO):
            folder = tmp_path_factory.mktemp(kind)
            ours[kind] = (start(kind, port=0, folder=folder, account_id=ACCOUNT, detached=False), folder)
        yield ours
    finally:
        for emulator, _ in ours.values():
            emulator.stop()


@pytest.fixture(params=[Kind.MINISTACK, Kind.MOTO])
def emulator(request: pytest.FixtureRequest, emulators: Emulators) -> Emulator:
    return emulators[request.param][0]


def starter(then: str, folder: Path) -> subprocess.Popen[str]:
    """Another program, which starts a MiniStack."""
    command = [sys.executable, "-c", STARTER, then, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def gone(pid: int) -> bool:
    """Whether the process ends within some seconds."""
    deadline = time.monotonic() + 10
    while processes.started(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    return processes.started(pid) is None


def listeners(pid: int) -> set[tuple[str, int]]:
    """Every TCP address that a process listens on, as the kernel's tables have it."""
    files = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    found: set[tuple[str, int]] = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = row.split()
            address, port = columns[1].split(":")
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in files:
                found.add((address, int(port, 16)))
    return found


def mqtt(port: int) -> str:
    """What MiniStack says of its MQTT port, which it opens after its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        while True:
            connection.request("GET", "/_ministack/ready")
            response = connection.getresponse()
            said: dict[str, str] = json.loads(response.read())
            if response.status == 200:
                return said["iot_mtls"]
    finally:
        connection.close()


def test_it_serves_boto3_in_the_account_it_was_given(emulator: Emulator) -> None:
    assert emulator.healthy()
    assert emulator.client("sts", REGION).get_caller_identity()["Account"] == ACCOUNT
    s3 = emulator.client("s3", REGION)
    s3.create_bucket(Bucket="papers", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="papers", Key="a/b", Body=b"text")
    assert s3.get_object(Bucket="papers", Key="a/b")["Body"].read() == b"text"


def test_a_reset_forgets_everything(emulator: Emulator) -> None:
    sqs = emulator.client("sqs", REGION)
    sqs.create_queue(QueueName="work")
    emulator.reset()
    assert not sqs.list_queues().get("QueueUrls")


def test_every_service_has_its_endpoint_there(emulator: Emulator) -> None:
    session = emulator.session(REGION)
    for service in ("s3", "ecs", "budgets", "guardduty"):
        assert session.client(service).meta.endpoint_url == emulator.endpoint_url


def test_an_account_of_the_callers_choice(emulators: Emulators) -> None:
    ministack, moto = emulators[Kind.MINISTACK][0], emulators[Kind.MOTO][0]
    named = EmulatorSession(ministack.endpoint_url, REGION, "test")
    assert named.client("sts").get_caller_identity()["Account"] == ACCOUNT
    other = ministack.session(REGION, account_id="111111111111")
    assert other.client("sts").get_caller_identity()["Account"] == "111111111111"
    with pytest.raises(
        EmulatorError, match=rf"account {ACCOUNT} for every client; start another one for 111111111111\."
    ):
        moto.session(REGION, account_id="111111111111")


def test_no_code_of_a_function_runs_on_this_machine(emulator: Emulator, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("code.py", f"def handler(event, context):\n    open({str(ran)!r}, 'w').close()\n")
    emulator.reset()
    iam, functions = emulator.client("iam", REGION), emulator.client("lambda", REGION)
    role = iam.create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(LAMBDA_MAY_ASSUME))["Role"]["Arn"]
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName="function", PolicyArn=managed)
    functions.create_function(
        FunctionName="f", Runtime="python3.13", Role=role, Handler="code.handler", Code={"ZipFile": archive.getvalue()}
    )
    assert functions.invoke(FunctionName="f", Payload=b"{}")["StatusCode"] == 200
    assert not ran.exists()


@linux
def test_it_listens_on_this_machine_only(emulator: Emulator) -> None:
    emulator.client("transfer", REGION).create_server()
    if emulator.kind is Kind.MINISTACK:
        assert mqtt(emulator.port) == "disabled"
    assert emulator.pid is not None
    assert listeners(emulator.pid) == {("0100007F", emulator.port)}


@linux
def test_no_credentials_or_proxies_reach_it(emulator: Emulator) -> None:
    environment = Path(f"/proc/{emulator.pid}/environ").read_text()
    assert "HOME=" in environment
    assert not re.search(r"AWS_|real|proxy", environment, re.IGNORECASE)


def test_it_writes_into_its_folder_only(emulators: Emulators) -> None:
    ministack, folder = emulators[Kind.MINISTACK]
    ministack.client("cognito-idp", REGION).create_user_pool(PoolName="users")
    assert (folder / "state" / "cognito-rsa-key.pem").exists()
    pid_file = f"ministack-{ministack.port}.pid"
    assert (folder / "tmp" / pid_file).exists()
    assert not (Path(tempfile.gettempdir()) / pid_file).exists()


def test_another_emulator_in_its_place_is_not_healthy(emulators: Emulators) -> None:
    port = emulators[Kind.MINISTACK][0].port
    assert not Emulator(Kind.MOTO, port, None).healthy()
    assert not Emulator(Kind.LOCALSTACK, port, None).healthy()


def test_a_detached_one_outlives_its_starter_until_it_is_stopped(tmp_path: Path) -> None:
    program = starter("end", tmp_path)
    program.communicate()
    assert program.returncode == 0
    found = running(tmp_path)
    assert found is not None
    assert found.healthy()
    found.stop()
    assert found.pid is not None
    assert processes.started(found.pid) is None
    assert not (tmp_path / "emulator.json").exists()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", found.port))


@pytest.mark.parametrize("fate", ["be killed", "be killed half-way"])
def test_it_dies_with_a_starter_that_is_killed(fate: str, tmp_path: Path) -> None:
    program = starter(fate, tmp_path)
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    assert processes.started(pid) is not None
    program.kill()
    program.communicate()
    assert gone(pid)
    assert not (tmp_path / "emulator.json").exists()


def test_a_process_that_has_only_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    innocent = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        noted = {"kind": "moto", "port": 4566, "pid": innocent.pid, "account_id": ACCOUNT, "started": "earlier"}
        (tmp_path / "emulator.json").write_text(json.dumps(noted))
        assert running(tmp_path) is None
        assert not (tmp_path / "emulator.json").exists()
        Emulator(Kind.MOTO, 4566, innocent.pid, started="earlier").stop()
        with pytest.raises(subprocess.TimeoutExpired):
            innocent.wait(timeout=0.3)
    finally:
        innocent.kill()
        innocent.wait()


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"kind": "azure"}', '{"kind": "moto", "port": null}'])
def test_a_record_that_says_nothing_is_removed(record: str, tmp_path: Path) -> None:
    (tmp_path / "emulator.json").write_text(record)
    assert running(tmp_path) is None
    assert not (tmp_path / "emulator.json").exists()


def test_a_process_that_does_not_end_when_asked_is_killed() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    stubborn = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    processes.end(stubborn.pid, processes.started(stubborn.pid), patience=0.1)
    stubborn.communicate()
    assert stubborn.returncode == -signal.SIGKILL


def test_a_process_that_has_ended_is_gone_before_anybody_waits_for_it() -> None:
    ended = subprocess.Popen(["true"])
    assert gone(ended.pid)
    assert ended.wait() == 0
