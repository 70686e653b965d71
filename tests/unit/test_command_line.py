"""`adelie`: every command explains itself at once, and a shell completes names out of the environments' files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from stacks import loader
from tools.command import ROOT
from tools.command_line import app, main
from tools.release import workloads

HEAVY = ("boto3", "botocore", "cdktf", "constructs", "jsii", "pydantic", "rich", "stacks", "adelie")
"""What takes longer to import than a help may take, or starts Node."""
ALARM = """
import sys
STARTS = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}
def alarm(event, _arguments):
    if event in STARTS:
        raise SystemExit(f"{event}: a process was started")
sys.addaudithook(alarm)
"""
APP = app()
ROOT_COMMAND: Any = typer.main.get_command(APP)


def tree(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be run, with its words."""
    for word, each in getattr(command, "commands", {}).items():
        yield from tree(each, *path, word)
    if not hasattr(command, "commands"):
        yield path, command


EVERY = list(tree(ROOT_COMMAND))


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(path) for path, _ in EVERY])
def test_each_command_says_what_it_does_with_an_example(path: tuple[str, ...], command: Any) -> None:
    words = " ".join(path)
    assert len(command.help.splitlines()[0]) > 20
    assert command.help.splitlines()[0].endswith("."), "a sentence"
    assert f"adelie {words}" in command.epilog
    shown = CliRunner().invoke(APP, [*path, "--help"], prog_name="adelie")
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: adelie {words}")
    assert f"    adelie {words}" in shown.output, "as it is typed, not wrapped into a paragraph"
    explained = [each for each in command.params if each.name != "help"]
    assert all(each.help for each in explained)


def test_the_groups_are_what_adelie_alone_shows() -> None:
    shown = CliRunner().invoke(APP, []).output
    groups = [name for name, each in ROOT_COMMAND.commands.items() if hasattr(each, "commands")]
    assert len(groups) > 5
    for name in groups:
        assert f"\n  {name} " in shown


def test_to_import_the_command_line_imports_nothing_heavy_and_starts_nothing() -> None:
    code = (
        f"{ALARM}\nimport tools.command_line as c\nc.app()\nprint(*{{each.partition('.')[0] for each in sys.modules}})"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & set(HEAVY) == set()


@pytest.mark.parametrize("path", [("release",), *sorted({path[0]: path for path, _ in EVERY}.values())], ids=" ".join)
def test_no_help_imports_anything_heavy(path: tuple[str, ...]) -> None:
    code = (
        f"{ALARM}\nfrom tools.command_line import main\n"
        f"try:\n    main([*{path!r}, '--help'])\nexcept SystemExit as ended:\n    assert not ended.code\n"
        f"print(*{{each.partition('.')[0] for each in sys.modules}}, file=sys.stderr)"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert set(done.stderr.split()) & set(HEAVY) == set()


def test_show_reads_an_environment_without_a_process_and_without_node() -> None:
    name = loader.available()[0]
    code = (
        f"{ALARM}\nimport catalogue, stacks.loader\nfrom tools.command_line import main\n"
        f"try:\n    main(['show', {name!r}])\nexcept SystemExit as ended:\n    assert not ended.code\n"
        f"print(*{{each.partition('.')[0] for each in sys.modules}}, file=sys.stderr)"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"name: {name}")
    assert set(done.stderr.split()) & {"boto3", "botocore", "cdktf", "constructs", "jsii"} == set()


def test_the_alarm_would_be_heard() -> None:
    done = python(f"{ALARM}\nimport subprocess\nsubprocess.run(['true'])")
    assert "a process was started" in done.stderr
    assert done.returncode != 0


def completed(*words: str) -> list[str]:
    """What a shell offers behind the words, the last of which is being typed; starts no process, and no Node."""
    code = (
        f"{ALARM}\nfrom tools.command_line import main\nimport atexit\n"
        "atexit.register(lambda: print(*({'cdktf', 'jsii', 'boto3'} & sys.modules.keys()), file=sys.stderr))\nmain([])"
    )
    environment = {
        **os.environ,
        "_ADELIE_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("adelie", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return [*done.stdout.split(), *done.stderr.split()]


def test_a_shell_completes_commands_environments_secrets_and_jobs() -> None:
    name = loader.available()[-1]
    environment = loader.load(name)
    assert "release" in completed("")
    assert completed("show", "") == loader.available()
    assert completed("show", name[:2]) == [each for each in loader.available() if each.startswith(name[:2])]
    assert completed("secret", "set", name, "") == workloads.supplied_secrets(environment)
    assert completed("job", "run", name, "") == sorted(environment.jobs)


def test_a_wrong_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["release", "nowhere"])
    assert exit_.value.code == 2
    assert "No such command 'nowhere'" in capsys.readouterr().err


def test_the_command_in_the_environment_is_this_working_copys(tmp_path: Path) -> None:
    """Also where somebody calls it from another folder that has a `tools` of its own."""
    command = ROOT / ".venv" / "bin" / "adelie"
    assert command.resolve() == ROOT / "tools" / "adelie.sh"
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("raise SystemExit('another tools')")
    done = subprocess.run([command, "show", "nowhere"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("environments/aws/nowhere.yaml does not exist; the environments are: ")
    assert done.stderr.count("\n") == 1
