"""What the parts of the test suite cost: CPU seconds of the tests of each file, in pytest and in what they started.

`python benchmarks/suite.py --save before.json`, then, after a change, `--against before.json` for the ratios. What
comes after `--` is for pytest. CPU time depends far less on what else the machine does than the time on the clock; a
process that a test leaves running (a shared emulator) counts where it ends.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
_FOLDER: Final = "ADELIE_SUITE_PARTS"
"""The variable by which pytest's workers know where to write what each part took."""
_SHOWN: Final = 25
_parts: defaultdict[str, float] = defaultdict(float)


def _cpu() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Add what a test took, with the set-up and the removal of its fixtures, to its file's part."""
    before = _cpu()
    result = yield
    _parts[item.nodeid.partition("::")[0]] += _cpu() - before
    return result


def pytest_collection_finish() -> None:
    """What a worker took until it knows its tests."""
    _parts["(start and collection)"] += _cpu()


def pytest_sessionfinish() -> None:
    """Leave this worker's parts for the program that started pytest."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    (Path(os.environ[_FOLDER]) / f"{worker}.json").write_text(json.dumps(_parts), encoding="utf-8")


def _measured(arguments: list[str]) -> dict[str, float]:
    """Run the suite: each part's CPU seconds, and those of everything on the clock. Exits if a test fails."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        options = ["-p", "benchmarks.suite", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder", "-q"]
        environment = {**os.environ, _FOLDER: folder}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *arguments], cwd=ROOT, env=environment, check=False
        )
        if done.returncode:
            sys.exit(done.returncode)
        parts: defaultdict[str, float] = defaultdict(float)
        for file in Path(folder).glob("gw*.json"):
            for part, seconds in json.loads(file.read_text(encoding="utf-8")).items():
                parts[part] += seconds
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    whole = {"all, on the clock": time.monotonic() - began, "all, CPU": ended.ru_utime + ended.ru_stime}
    return whole | dict(sorted(parts.items(), key=lambda part: -part[1]))


def main() -> None:
    """Measure, print, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", type=Path, help="write what was measured")
    parser.add_argument("--against", type=Path, help="a file that --save wrote: print the ratio to it")
    parser.add_argument("pytest", nargs="*", help="pytest's own arguments, after --")
    options = parser.parse_args()
    before: dict[str, float] = json.loads(options.against.read_text(encoding="utf-8")) if options.against else {}
    measured = _measured(options.pytest)
    for part, seconds in list(measured.items())[:_SHOWN]:
        ratio = f"{seconds / before[part]:8.2f} of {before[part]:.1f} s" if before.get(part) else ""
        print(f"{seconds:8.1f} s  {part:60}{ratio}")
    if options.save:
        options.save.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
