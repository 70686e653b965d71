"""Measure synthesis: the lazy provider against the stock one, time a resource, and growth with services.

`make bench` runs it. Every figure comes from a fresh process on this machine, one after the other, so that the ratios
mean something where the seconds do not. "warm" finds Python's byte-code from an earlier run that is not counted; "cold"
finds none: the first run after an installation, and every run where byte-code is not kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).resolve().parent.parent
SERVICE_COUNTS: Final = (1, 10, 50, 100)

REPORT_MEMORY_AT_EXIT: Final = """
import atexit, resource, sys
def peak_bytes():
    unit = 1 if sys.platform == "darwin" else 1024
    usage = [resource.getrusage(who).ru_maxrss * unit for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(sum(usage))
atexit.register(peak_bytes)  # registered first, so run last: the Node process has ended and is counted
"""
ALL_STACKS: Final = "import runpy; runpy.run_path('main.py', run_name='__main__')"
MANY_SERVICES: Final = """
import main
from stacks import loader
environment = loader.load("staging")
model = next(iter(environment.services.values()))
extra = {{
    f"service-{{number}}": model.model_copy(
        update={{
            "paths": (f"/service-{{number}}/*",),
            "listener_priority": 1000 + number,
        }}
    )
    for number in range({count})
}}
more = environment.model_copy(update={{"services": {{**environment.services, **extra}}}})
main.build([more]).synth()
"""


@dataclass(frozen=True)
class Run:
    """What one process took."""

    seconds: float
    peak_mib: float
    resources: int

    @property
    def milliseconds_a_resource(self) -> float:
        """Wall time, start-up included, over the number of resources."""
        return self.seconds * 1000 / self.resources


def measure(code: str, *, eager: bool = False, cold: bool = False) -> Run:
    """Run `code` in a fresh Python; its output folder is one of its own; memory is Python's peak plus Node's."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as no_bytecode:
        environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environ |= {
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "constructs"))),
            "ADELIE_EAGER_PROVIDER": "1" if eager else "",
            "CDKTF_OUTDIR": folder,
        }
        if cold:
            environ |= {"PYTHONPYCACHEPREFIX": no_bytecode, "PYTHONDONTWRITEBYTECODE": "1"}
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", REPORT_MEMORY_AT_EXIT + code],
            env=environ,
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        seconds = time.perf_counter() - start
        stacks = [json.loads(file.read_text()) for file in Path(folder).glob("stacks/*/cdk.tf.json")]
        resources = sum(len(named) for stack in stacks for named in stack["resource"].values())
        return Run(seconds, int(done.stdout.split()[-1]) / 2**20, resources)


def best(code: str, *, runs: int, eager: bool = False) -> Run:
    """The fastest of `runs` processes, after one that is not counted."""
    measure(code, eager=eager)
    return min((measure(code, eager=eager) for _ in range(runs)), key=lambda run: run.seconds)


def start_up(console: Console, runs: int) -> None:
    """Print all three stacks with the lazy and the stock provider, warm and cold, and the ratios."""
    table = Table("python main.py", "seconds", "peak MiB", "ms a resource", title="All stacks")
    measured = {
        "warm": [best(ALL_STACKS, runs=runs, eager=eager) for eager in (True, False)],
        "cold": [measure(ALL_STACKS, eager=eager, cold=True) for eager in (True, False)],
    }
    for state, (stock, lazy) in measured.items():
        for name, run in (("stock provider", stock), ("lazy provider", lazy)):
            figures = (f"{run.seconds:.2f}", f"{run.peak_mib:.0f}", f"{run.milliseconds_a_resource:.1f}")
            table.add_row(f"{name}, {state}", *figures)
        ratios = (f"{stock.seconds / lazy.seconds:.1f} x", f"{stock.peak_mib / lazy.peak_mib:.1f} x")
        table.add_row("stock / lazy", *ratios, "", end_section=True)
    console.print(table)


def growth(console: Console, runs: int) -> None:
    """Print how synthesis grows with services; the last column stays level where growth is linear."""
    table = Table("services", "resources", "seconds", "ms a further resource", title="Growth of one environment")
    first: Run | None = None
    for count in SERVICE_COUNTS:
        run = best(MANY_SERVICES.format(count=count), runs=runs)
        first = first or run
        added = run.resources - first.resources
        slope = f"{(run.seconds - first.seconds) * 1000 / added:.1f}" if added else ""
        table.add_row(str(count), str(run.resources), f"{run.seconds:.2f}", slope)
    console.print(table)


def main(
    runs: Annotated[int, typer.Option(help="Processes measured for each figure; the fastest counts.")] = 2,
) -> None:
    """Print the ratio of stock to lazy start-up, the time a resource, and the growth with services."""
    console = Console()
    start_up(console, runs)
    growth(console, runs)


if __name__ == "__main__":
    typer.run(main)
