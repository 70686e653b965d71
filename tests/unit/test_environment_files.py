"""Environment files: how they are read and merged; a bad one is one sentence, and leaves no output behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.yaml_file import SettingsFile, read
from stacks import loader
from tests.spoiled_environment import ROOT, directory, edit, line_of, refusal

__all__ = ["directory"]


def write(text: str) -> Callable[[Path], None]:
    def spoil(directory: Path) -> None:
        (directory / "aws" / "staging.yaml").write_text(text)

    return spoil


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(directory: Path) -> None:
        edit(directory / "aws" / name, old, new)

    return spoil


def test_the_committed_files_load() -> None:
    files = {file.stem for file in (ROOT / "environments" / "aws").glob("*.yaml")}
    assert {environment.name for environment in loader.load_all()} == files - {"base"}


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(
            write(""),
            "environments/aws/staging.yaml:1: the file is empty; state the settings in it.",
            id="empty-file",
        ),
        pytest.param(
            write("- one\n- two\n"),
            "environments/aws/staging.yaml:1: the file must be a mapping of keys to values; write `key: value`.",
            id="not-a-mapping",
        ),
        pytest.param(
            write("network:\n\tnat_gateways: none\n"),
            "environments/aws/staging.yaml:2: the line is indented with a tab, which YAML forbids; use spaces.",
            id="tab",
        ),
        pytest.param(
            write("network: {nat: none\nregion: x\n"),
            "environments/aws/staging.yaml:2: the file is not YAML: expected ',' or '}', but got ':'; "
            "correct the syntax there.",
            id="syntax",
        ),
        pytest.param(
            write("region: ap-northeast-2\ntags: {}\nregion: us-east-1\n"),
            "environments/aws/staging.yaml:3: region is written twice, first in line 1; remove one of the two.",
            id="duplicate-key",
        ),
        pytest.param(
            write("network:\n  1: x\n"),
            "environments/aws/staging.yaml:2: the key '1' is not text; quote it.",
            id="key-not-text",
        ),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(spoil: Callable[[Path], None], sentence: str, directory: Path) -> None:
    spoil(directory)
    assert refusal(directory) == sentence


def test_a_missing_file_names_those_there_are(directory: Path) -> None:
    assert refusal(directory, "stagign") == (
        "environments/aws/stagign.yaml does not exist; the environments are: localstack, prod, staging."
    )


def test_the_files_name_is_the_only_name(directory: Path) -> None:
    edit(directory / "aws" / "staging.yaml", "encryption:", "name: prod\nencryption:")
    line = line_of(directory / "aws" / "staging.yaml", "name: prod")
    assert refusal(directory) == f"environments/aws/staging.yaml:{line}: name is the file's name; remove the key."


def test_a_missing_base_is_refused(directory: Path) -> None:
    (directory / "aws" / "base.yaml").unlink()
    assert refusal(directory) == "environments/aws/base.yaml does not exist; restore it from git."


def test_a_file_that_is_not_text_is_refused(directory: Path) -> None:
    (directory / "aws" / "staging.yaml").write_bytes(b"\xff\xfe\x00")
    assert refusal(directory) == "environments/aws/staging.yaml:1: the file is not UTF-8 text; save it as UTF-8."


def test_an_overlay_replaces_lists_merges_mappings_and_removes_with_null(directory: Path) -> None:
    edit(directory / "aws" / "staging.yaml", "bastion:\n  instance_type: t4g.nano", "bastion: null")
    edit(
        directory / "aws" / "staging.yaml",
        "services:\n  frontend:",
        "services:\n  frontend:\n    writable_paths: [/data]",
    )
    environment = loader.load("staging", directory)
    assert environment.bastion is None
    assert environment.services["frontend"].writable_paths == ("/data",)
    assert environment.services["frontend"].port == loader.load("prod").services["frontend"].port


def test_a_source_names_the_file_that_won(directory: Path) -> None:
    _, sources = loader.load_with_sources("staging", directory)
    assert (
        str(sources["account_id",])
        == f"environments/aws/staging.yaml:{line_of(directory / 'aws' / 'staging.yaml', 'account_id')}"
    )
    assert str(sources["region",]) == f"environments/aws/base.yaml:{line_of(directory / 'aws' / 'base.yaml', 'region')}"


def test_only_true_and_false_are_booleans_and_times_are_text(directory: Path) -> None:
    file = directory / "yaml12.yaml"
    file.write_text("a: yes\nb: 18:00\nc: 010\nd: true\ne: 7\n")
    assert read(SettingsFile(directory, file.name)).values == {"a": "yes", "b": "18:00", "c": "010", "d": True, "e": 7}


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(
            write(""),
            "environments/aws/staging.yaml:1: the file is empty; state the settings in it.",
            id="bad-file",
        ),
        pytest.param(
            replace("base.yaml", "project: adelie", "project: adelie-investment"),
            "environments/aws/base.yaml:4: project must have at most 14 characters, but is 'adelie-investment'; "
            "correct it.",
            id="project-name-too-long",
        ),
    ],
)
def test_the_app_prints_one_sentence_and_leaves_nothing_behind(
    spoil: Callable[[Path], None], sentence: str, directory: Path, tmp_path: Path
) -> None:
    spoil(directory)
    script = (
        "import pathlib, main; from stacks import loader\n"
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
    assert (done.returncode, done.stderr) == (1, f"{sentence}\n")
    assert not (tmp_path / "out").exists()
