"""Bad environment files: one sentence each, with file, line, key, value and fix, and no output behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stacks import loader

ROOT = Path(__file__).parents[2]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of environments/ to spoil."""
    return Path(shutil.copytree(ROOT / "environments", tmp_path / "environments"))


def line_of(file: Path, text: str) -> int:
    return next(n for n, line in enumerate(file.read_text().splitlines(), start=1) if text in line)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1))


def refusal(directory: Path, name: str = "staging") -> str:
    with pytest.raises(loader.EnvironmentFileError) as refused:
        loader.load(name, directory)
    return str(refused.value)


def write(text: str) -> Callable[[Path], None]:
    return lambda directory: (directory / "staging.yaml").write_text(text) and None


def replace(old: str, new: str) -> Callable[[Path], None]:
    return lambda directory: edit(directory / "staging.yaml", old, new)


def test_the_committed_files_load() -> None:
    assert [environment.name for environment in loader.load_all()] == ["localstack", "prod", "staging"]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(
            write(""),
            "environments/staging.yaml:1: the file is empty; state the environment's settings in it.",
            id="empty-file",
        ),
        pytest.param(
            write("- one\n- two\n"),
            "environments/staging.yaml:1: the file must be a mapping of keys to values; write `key: value`.",
            id="not-a-mapping",
        ),
        pytest.param(
            write("network:\n\tnat_gateways: none\n"),
            "environments/staging.yaml:2: the line is indented with a tab, which YAML forbids; use spaces.",
            id="tab",
        ),
        pytest.param(
            write("network: {nat: none\nregion: x\n"),
            "environments/staging.yaml:2: the file is not YAML: expected ',' or '}', but got ':'; "
            "correct the syntax there.",
            id="syntax",
        ),
        pytest.param(
            write("region: ap-northeast-2\ntags: {}\nregion: us-east-1\n"),
            "environments/staging.yaml:3: region is written twice, first in line 1; remove one of the two.",
            id="duplicate-key",
        ),
        pytest.param(
            write("network:\n  1: x\n"),
            "environments/staging.yaml:2: the key '1' is not text; quote it.",
            id="key-not-text",
        ),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(spoil: Callable[[Path], None], sentence: str, directory: Path) -> None:
    spoil(directory)
    assert refusal(directory) == sentence


def test_a_missing_file_names_those_there_are(directory: Path) -> None:
    assert refusal(directory, "stagign") == (
        "environments/stagign.yaml does not exist; the environments are: localstack, prod, staging."
    )


def test_a_missing_base_is_refused(directory: Path) -> None:
    (directory / "base.yaml").unlink()
    assert refusal(directory) == "environments/base.yaml does not exist; restore it from git."


def test_a_file_that_is_not_text_is_refused(directory: Path) -> None:
    (directory / "staging.yaml").write_bytes(b"\xff\xfe\x00")
    assert refusal(directory) == "environments/staging.yaml:1: the file is not UTF-8 text; save it as UTF-8."


def test_an_overlay_replaces_lists_merges_mappings_and_removes_with_null(directory: Path) -> None:
    edit(directory / "staging.yaml", "bastion:\n  instance_type: t4g.nano", "bastion: null")
    edit(directory / "staging.yaml", "services:\n  frontend:", "services:\n  frontend:\n    writable_paths: [/data]")
    environment = loader.load("staging", directory)
    assert environment.bastion is None
    assert environment.services["frontend"].writable_paths == ("/data",)
    assert environment.services["frontend"].container_port == loader.load("prod").services["frontend"].container_port


def test_a_source_names_the_file_that_won(directory: Path) -> None:
    _, sources = loader.load_with_sources("staging", directory)
    assert sources["account_id",] == f"staging.yaml:{line_of(directory / 'staging.yaml', 'account_id')}"
    assert sources["region",] == f"base.yaml:{line_of(directory / 'base.yaml', 'region')}"


def test_only_true_and_false_are_booleans_and_times_are_text(directory: Path) -> None:
    file = directory / "yaml12.yaml"
    file.write_text("a: yes\nb: 18:00\nc: 010\nd: true\ne: 7\n")
    assert loader._read(file).values == {"a": "yes", "b": "18:00", "c": "010", "d": True, "e": 7}  # pyright: ignore[reportPrivateUsage]


def test_the_app_prints_the_sentence_and_leaves_nothing_behind(directory: Path, tmp_path: Path) -> None:
    (directory / "staging.yaml").write_text("")
    for needed in ("main.py", "stacks", "constructs"):
        (tmp_path / needed).symlink_to(ROOT / needed)
    script = (
        "import sys, pathlib, main; from stacks import loader\n"
        f"loader.load_all.__defaults__ = (pathlib.Path({str(directory)!r}),)\n"
        "main.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}", "CDKTF_OUTDIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "environments/staging.yaml:1: the file is empty; state the environment's settings in it.\n"
    assert not (tmp_path / "out").exists()
