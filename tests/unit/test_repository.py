"""What holds for the repository: the layout that cdktf's `constructs` forces, and lock files that can be trusted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import constructs
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import adelie

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-bootstrap.lock", "requirements-checkov.lock"]
MOST_LINES = 350
PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^ ;\\]+)")


def pins(lock: str) -> dict[str, str]:
    """Each pinned package of a lock file with the text of its entry, which holds the hashes."""
    found: dict[str, str] = {}
    name = ""
    for line in (ROOT / lock).read_text().splitlines():
        if line.startswith("#"):
            continue
        if match := PIN.match(line):
            name = f"{canonicalize_name(match['name'])}=={match['version']}"
            found[name] = ""
        assert name, f"{lock}: {line!r} belongs to no pin"
        found[name] += line + "\n"
    return found


def package_lock() -> Mapping[str, Mapping[str, Any]]:
    """The entries of package-lock.json, without the project's own."""
    packages: dict[str, Mapping[str, Any]] = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return {path: package for path, package in packages.items() if path}


def test_constructs_is_cdktfs_library_and_not_our_folder() -> None:
    assert not (ROOT / "constructs" / "__init__.py").exists(), "it would hide the library that cdktf imports"
    library = Path(constructs.__file__ or "").resolve()
    assert not library.is_relative_to(ROOT / "constructs"), f"`import constructs` finds {library}"


def test_adelie_is_imported_from_its_source_root() -> None:
    assert Path(adelie.__file__).resolve() == ROOT / "constructs" / "adelie" / "__init__.py"
    assert [entry.name for entry in (ROOT / "constructs").iterdir() if entry.name != "__pycache__"] == ["adelie"]


def test_a_python_file_is_short_enough_to_read_at_once() -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    files = [ROOT / name for name in listed if (ROOT / name).exists()]
    assert Path(__file__) in files
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}, "split it by subject"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    assert pins(lock)
    assert not [pin for pin, entry in pins(lock).items() if "--hash=sha256:" not in entry]


@pytest.mark.parametrize("file", [*LOCKS, ".npmrc", "package.json", "pyproject.toml"])
def test_no_file_says_which_server_packages_come_from(file: str) -> None:
    text = (ROOT / file).read_text()
    assert "://" not in text
    assert not re.search(r"index-url|find-links|^registry", text.replace("--no-emit-index-url", ""), re.MULTILINE)


def test_npm_packages_are_pinned_by_hash_and_by_no_address() -> None:
    assert not [path for path, package in package_lock().items() if "resolved" in package]
    bundled = {path for path, package in package_lock().items() if package.get("inBundle")}
    assert not [path for path, package in package_lock().items() if "integrity" not in package and path not in bundled]


def test_locks_are_written_by_make_lock() -> None:
    for lock in LOCKS:
        assert (ROOT / lock).read_text().splitlines()[1] == "#    make lock"


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [Requirement(text) for text in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"])]
    locked = {pin.partition("==")[0]: pin.partition("==")[2] for pin in pins("requirements.lock")}
    for requirement in asked:
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"run `make lock`: {requirement.name} is not in requirements.lock"
        assert requirement.specifier.contains(Version(version)), (
            f"run `make lock`: {requirement} but {version} is locked"
        )

    tools: dict[str, str] = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert {name: package_lock()[f"node_modules/{name}"]["version"] for name in tools} == tools


def test_cdktf_cli_and_library_are_of_one_version() -> None:
    tools: dict[str, str] = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert f"cdktf=={tools['cdktf-cli']}" in pins("requirements.lock")


def test_the_emulator_is_published_to_this_machine_only() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.localstack.yml").read_text())
    for name, service in compose["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert re.fullmatch(r"[\w./-]+:\d[\w.]+", service["image"]), f"{name}: the image is not pinned"
        assert service["healthcheck"]["test"]


def test_every_skipped_check_of_checkov_has_a_reason() -> None:
    skips = [line for line in (ROOT / ".checkov.yaml").read_text().splitlines() if line.startswith("  - ")]
    assert skips
    assert not [line for line in skips if not re.fullmatch(r"  - CKV2?_AWS_\d+ +# \".+\": .{15,}", line)]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("exit 127", "no Python was found"),
        ('case "$2" in *sys.exit*) exit 1;; *) echo 3.9.2;; esac', "is 3.9.2"),
        ('case "$2" in *ensurepip*) exit 1;; *sys.exit*) ;; *) echo 3.12.1;; esac', "is 3.12.1 but lacks venv"),
    ],
)
def test_an_unfit_python_is_refused_in_one_sentence(program: str, said: str, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    result = subprocess.run([ROOT / ".ci" / "find-python", python], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == ""
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("Python 3.11 or newer with venv is needed (")
    assert said in sentence


@pytest.mark.parametrize(
    ("command", "missing"),
    [("show", "ENV"), ("diff A=staging", "B"), ("secret ENV=prod", "NAME"), ("pipeline", "ENV"), ("migrate", "ENV")],
)
def test_a_missing_variable_is_named_before_anything_runs(command: str, missing: str) -> None:
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "ENV"}
    make = ["make", *command.split()]
    result = subprocess.run(make, cwd=ROOT, env=outer, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    assert f"{missing} is missing" in result.stderr


def test_make_help_explains_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = set(re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE))
    explained = set(re.findall(r"^([a-z-]+):.*? ## \S", makefile, re.MULTILINE))
    assert {command for command in commands - explained if not command.startswith("lint-")} == set()


def test_ci_step_shows_the_output_of_what_fails_and_keeps_its_status() -> None:
    step = ROOT / ".ci" / "step"
    good = subprocess.run([step, "fine", "sh", "-c", "echo noise"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"  ok      fine +\d+\.\d s\n", good.stdout)
    bad = subprocess.run([step, "sad", "sh", "-c", "echo why; exit 7"], capture_output=True, text=True, check=False)
    assert bad.returncode == 7
    assert re.search(r"^  FAILED  sad .*\nwhy$", bad.stderr, re.MULTILINE)
