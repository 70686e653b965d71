"""The examples in docstrings are run, so that they can be believed."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("catalogue/**/*.py"), *ROOT.glob("constructs/adelie/**/*.py")]
WITH_EXAMPLES = [source for source in SOURCES if ">>> " in source.read_text(encoding="utf-8")]


def module_of(source: Path) -> str:
    return ".".join(source.relative_to(ROOT).with_suffix("").parts).removeprefix("constructs.")


@pytest.mark.parametrize("name", sorted(map(module_of, WITH_EXAMPLES)))
def test_the_examples_of_a_module_give_what_they_say(name: str) -> None:
    tests = [test for test in doctest.DocTestFinder().find(importlib.import_module(name)) if test.examples]
    assert tests
    assert not [example.source for test in tests for example in test.examples if doctest.SKIP in example.options]
    assert [doctest.DocTestRunner().run(test).failed for test in tests] == [0] * len(tests)
