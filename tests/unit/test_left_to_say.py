"""What an environment left out is asked for in its own file; what a run left behind is removed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import main
from adelie.seam.terraform import App
from catalogue.yaml_file import SettingsFileError
from stacks import loader
from tools.command import ROOT


@pytest.fixture
def without_secrets(tmp_path: Path) -> Path:
    """environments/ whose prod.yaml says nothing of its secrets, of which the catalogue has the rest."""
    directory = Path(shutil.copytree(ROOT / "environments", tmp_path / "environments"))
    file = directory / "aws" / "prod.yaml"
    text, count = re.subn(r"^secrets:\n(  .*\n)+", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count == 1
    file.write_text(text, encoding="utf-8")
    return directory


def test_a_missing_value_is_asked_for_in_the_environments_own_file(without_secrets: Path) -> None:
    with pytest.raises(SettingsFileError) as error:
        loader.load("prod", without_secrets)
    sentence = str(error.value)
    assert sentence.startswith(
        "environments/aws/prod.yaml:1: secrets.jwt-secret.recovery_window_days is missing; state it"
    )
    assert re.search(r"the rest of it is in environments/catalogue\.yaml:\d+\)", sentence)


def test_a_stack_that_is_no_more_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(_environments: object) -> App:
        return App(outdir=str(tmp_path), stack_traces=False)

    old = tmp_path / "stacks" / "demo"
    old.mkdir(parents=True)
    (old / "cdk.tf.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(main, "build", build)
    main.main()
    assert not old.exists()
