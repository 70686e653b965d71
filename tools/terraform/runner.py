"""Terraform, run on one stack's folder: its progress as it works, its refusals as one sentence."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.command import Json, ToolError, ended_with_us, shown

MINIMUM: Final = (1, 11)
"""Write-only arguments, which keep secrets out of the state, came with 1.11."""
LOG: Final = "terraform.log"
PLAN: Final = "tfplan"
_INSTALL: Final = "https://developer.hashicorp.com/terraform/install"
_CHANGED: Final = 2
"""What `terraform plan -detailed-exitcode` ends with when there are changes."""

Progress = Callable[[int, int, str], None]
"""Called with how many resources are done, of how many, and which one was last."""


class TerraformError(ToolError):
    """What Terraform refused, or that it isn't there."""


def executable() -> str:
    """Terraform's path. Raises TerraformError if it is missing or too old."""
    wanted = ".".join(map(str, MINIMUM))
    program = shutil.which("terraform")
    if program is None:
        raise TerraformError(f"Terraform is not installed; install {wanted} or newer ({_INSTALL}) and run this again.")
    answer = subprocess.run(
        [program, "version", "-json"], env=_environment({}), capture_output=True, text=True, check=False
    )
    version = re.search(r'"terraform_version": "(\d+)\.(\d+)[^"]*"', answer.stdout)
    if version is None:
        raise TerraformError(f"{program} is not Terraform, or does not run; install {wanted} or newer ({_INSTALL}).")
    if (int(version[1]), int(version[2])) < MINIMUM:
        older = f"{version[1]}.{version[2]}"
        raise TerraformError(f"Terraform {older} ({program}) is too old; install {wanted} or newer ({_INSTALL}).")
    return program


@dataclass(frozen=True)
class Terraform:
    """Terraform in a folder that holds a stack's JSON, with what its environment has besides ours."""

    executable: str
    folder: Path
    environment: Mapping[str, str]

    def init(self, *options: str) -> None:
        """Prepare the folder. Raises TerraformError."""
        self._plain("init", "-input=false", *options)

    def lock_providers(self, *options: str) -> None:
        """Write the providers' checksums into the folder's lock file. Raises TerraformError."""
        self._plain("providers", "lock", *options)

    def validate(self) -> None:
        """Check the configuration against the provider's schema. Raises TerraformError."""
        self._plain("validate")

    def apply(self, progress: Progress | None = None, targets: Sequence[str] = ()) -> int:
        """Make what the stack describes, or `targets` and what they need; how many changed. Raises TerraformError."""
        return self._streamed("apply", progress, *(f"-target={target}" for target in targets))

    def destroy(self, progress: Progress | None = None) -> int:
        """Remove it all; how many resources that were. Raises TerraformError."""
        return self._streamed("destroy", progress)

    def changes(self) -> str:
        """What another apply would change: empty if nothing. Raises TerraformError."""
        done = self._run("plan", "-input=false", "-detailed-exitcode", "-no-color")
        if done.returncode not in (0, _CHANGED):
            raise TerraformError(_sentence(done.stdout + done.stderr))
        return done.stdout[done.stdout.find("Terraform will perform") :] if done.returncode == _CHANGED else ""

    def plan(self) -> tuple[str, str]:
        """What an apply would change, for people and as JSON; takes no lock. Raises TerraformError."""
        text = self._plain("plan", "-input=false", "-lock=false", f"-out={PLAN}")
        try:
            return text, self._plain("show", "-json", PLAN)
        finally:
            (self.folder / PLAN).unlink(missing_ok=True)

    def outputs(self) -> dict[str, Json]:
        """The stack's outputs. Raises TerraformError."""
        return {name: output["value"] for name, output in json.loads(self._plain("output", "-json")).items()}

    def resources(self) -> list[Json]:
        """Every resource of the state: `address`, `type`, `values`. Raises TerraformError."""
        state = json.loads(self._plain("show", "-json"))
        return state.get("values", {}).get("root_module", {}).get("resources", [])

    def _plain(self, *arguments: str) -> str:
        done = self._run(*arguments, *(() if "-json" in arguments else ("-no-color",)))
        if done.returncode != 0:
            raise TerraformError(_sentence(done.stdout + done.stderr))
        return done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.executable, *arguments],
            cwd=self.folder,
            env=_environment(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )

    def _streamed(self, command: str, progress: Progress | None, *options: str) -> int:
        errors: list[str] = []
        done, total = 0, 0
        with (self.folder / LOG).open("w", encoding="utf-8") as log:
            for message in self._messages(log.write, command, *options):
                match message.get("type"):
                    case "planned_change":
                        total += 1
                    case "apply_complete":
                        done += 1
                        if progress:
                            progress(done, total, message["hook"]["resource"]["addr"])
                    case "diagnostic" if message["diagnostic"]["severity"] == "error":
                        errors.append(_diagnostic(message["diagnostic"]))
                    case _:
                        pass
        if errors:
            more = f" (and {len(errors) - 1} more: {shown(self.folder / LOG)})" if errors[1:] else ""
            raise TerraformError(f"terraform {command}: {errors[0]}{more}")
        return done

    def _messages(self, keep: Callable[[str], object], command: str, *options: str) -> Iterator[Json]:
        """What Terraform says in its machine-readable way, as it says it; it ends when we are interrupted."""
        with (
            subprocess.Popen(
                [self.executable, command, "-auto-approve", "-input=false", "-json", *options],
                cwd=self.folder,
                env=_environment(self.environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            ) as process,
            ended_with_us(process),
        ):
            for line in process.stdout or ():
                keep(line)
                if line.startswith("{"):
                    yield json.loads(line)
        if process.returncode not in (0, 1):
            raise TerraformError(f"terraform {command} was stopped (exit code {process.returncode}); run it again.")


def _environment(further: Mapping[str, str]) -> dict[str, str]:
    quiet = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0"}
    # Terraform spends a quarter of its time collecting garbage; a run is short and its heap small.
    return {"GOGC": "400", **os.environ, **quiet, **further}


def _diagnostic(diagnostic: Json) -> str:
    """A diagnostic as one line: where, what, why."""
    where = diagnostic.get("address", "")
    text = " ".join(f"{diagnostic['summary']}. {diagnostic.get('detail', '')}".split()).rstrip(".")
    return f"{where}: {text}" if where and where not in text else text


def _sentence(output: str) -> str:
    """What Terraform printed for people, from the first error on, as one line."""
    text = re.sub(r"[│╷╵]", " ", output)
    return " ".join(text[max(text.find("Error:"), 0) :].split())
