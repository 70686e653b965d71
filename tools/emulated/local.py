"""The `localstack` stack, deployed into an emulated AWS on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from localstack_client import config as localstack  # pyright: ignore[reportMissingTypeStubs]
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from emulated_provider.gaps import load as load_gaps
from emulated_provider.lifecycle import NOT_EMULATED
from emulated_provider.provider import Provider, attached
from tools.command import ROOT, Json, ToolError, console, shown
from tools.emulated import emulators
from tools.emulated.emulators import Emulator
from tools.emulated.kinds import Kind
from tools.synthesized import read_stack, stack_file
from tools.terraform.runner import Terraform, TerraformError, executable

STACK: Final = "localstack"
FOLDER: Final = ROOT / ".local"
"""Where the emulator's record, log and temporary files are."""
IMAGE_TAG: Final = "local"
RECORD: Final = "deployment.json"
UNSAVED: Final = "errored.tfstate"
"""Where Terraform leaves a state that it could not save in its place."""


class ProviderChoice(StrEnum):
    """Which Terraform provider deploys."""

    EMULATED = "emulated"
    HASHICORP = "hashicorp"


@dataclass(frozen=True)
class Record:
    """What the last `up` did: with which provider, and whether it was killed before Terraform could save its state."""

    provider: ProviderChoice
    finished: bool


@dataclass(frozen=True)
class LocalPlatform:
    """The platform on this machine: the emulator's own folder, and the one with the synthesized stack and its state."""

    folder: Path
    stack: Path

    def up(self) -> None:
        """Deploy the stack, or bring it up to date; say where everything is. Raises ToolError."""
        began = time.monotonic()
        provider, kind, terraform_path = _chosen_provider(), emulators.chosen(), executable()
        emulator, is_new = self._emulator(kind)
        try:
            with _attached(provider, emulator, self.stack) as environment:
                terraform = Terraform(terraform_path, self.stack, environment)
                changed = self._apply(terraform, emulator, provider)
                _show(terraform, emulator)
        except BaseException as error:
            died = not emulator.healthy()
            if is_new or died:
                emulator.stop()
            if isinstance(error, OSError):
                why = f"{error.filename or shown(self.folder)}: {error.strerror}"
                raise ToolError(f"{why}; make room there, then run `make up` again.") from None
            if died and isinstance(error, TerraformError):
                last = emulators.last_log_line(self.folder)
                raise ToolError(f"{kind.label} stopped half-way ({last}); run `make up` again.") from None
            raise
        what = f"{changed} resources changed" if changed else "Nothing changed"
        console().print(f"{what}, in {time.monotonic() - began:.0f} s. `make down` removes it all.", soft_wrap=True)

    def down(self) -> None:
        """Remove the platform and stop the emulator; LocalStack, which isn't ours, goes on. Raises ToolError."""
        emulator, record = emulators.running(self.folder), self._record()
        if emulator is None:
            console().print("Nothing is running.")
        elif emulator.kind is Kind.LOCALSTACK:
            with _attached(record.provider if record else _chosen_provider(), emulator, self.stack) as environment:
                Terraform(executable(), self.stack, environment).destroy()
        else:
            emulator.stop()
        if emulator is not None:
            console().print(f"{emulator.kind.label} no longer holds the platform.")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._forget_state()

    def status(self) -> None:
        """Say what runs, and where everything is. Raises ToolError."""
        emulator, record = emulators.running(self.folder), self._record()
        if emulator is None:
            console().print("Nothing is running; `make up` starts it.")
        elif not emulator.healthy():
            raise ToolError(f"{emulator.kind.label} does not answer at {emulator.endpoint_url}; run `make up` again.")
        elif record is None or not record.finished:
            console().print(f"{emulator.kind.label} runs at {emulator.endpoint_url}, half deployed; `make up` ends it.")
        else:
            with _attached(record.provider, emulator, self.stack) as environment:
                _show(Terraform(executable(), self.stack, environment), emulator)

    def _emulator(self, kind: Kind) -> tuple[Emulator, bool]:
        """The emulator that runs, or a new one on LocalStack's port; whether it is new. Raises ToolError."""
        emulator = emulators.running(self.folder)
        if emulator is not None and emulator.kind is not kind:
            label = emulator.kind.label
            raise ToolError(f"{label} runs already; run `make down` first, or set EMULATOR={emulator.kind}.")
        if emulator is not None and emulator.healthy():
            return emulator, False
        if emulator is not None:
            emulator.stop()
        port = urlsplit(localstack.get_service_endpoint("s3") or "").port or localstack.DEFAULT_EDGE_PORT
        emulator = emulators.start(kind, port=port, folder=self.folder, detached=True)
        if kind is not Kind.LOCALSTACK:
            (self.folder / RECORD).unlink(missing_ok=True)
            self._forget_state()
        return emulator, True

    def _apply(self, terraform: Terraform, emulator: Emulator, provider: ProviderChoice) -> int:
        """Run Terraform with its progress shown; begin again where an `up` was killed. Raises ToolError."""
        before = self._record()
        if before and before.provider != provider:
            raise ToolError(f"PROVIDER={before.provider} deployed what runs here; run `make down` first.")
        if before and not before.finished:
            emulator.reset()
            self._forget_state()
        self._note(Record(provider, finished=False))
        try:
            terraform.init()
            with _progress() as progress:
                task = progress.add_task(f"terraform apply ({emulator.kind.label})", total=None)
                changed = terraform.apply(lambda done, total, _: progress.update(task, completed=done, total=total))
        except TerraformError:
            self._note(Record(provider, finished=not (self.stack / UNSAVED).exists()))
            raise
        self._note(Record(provider, finished=True))
        return changed

    def _record(self) -> Record | None:
        try:
            noted: Json = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
            return Record(ProviderChoice(noted["provider"]), noted["finished"])
        except (OSError, ValueError, LookupError):
            return None

    def _note(self, record: Record) -> None:
        (self.folder / RECORD).write_text(json.dumps(asdict(record)), encoding="utf-8")

    def _forget_state(self) -> None:
        for file in (*self.stack.glob(f"terraform.{STACK}.tfstate*"), *self.stack.glob(UNSAVED)):
            file.unlink()


def _chosen_provider(environ: Mapping[str, str] = os.environ) -> ProviderChoice:
    name = environ.get("PROVIDER", "").strip().lower() or ProviderChoice.EMULATED
    if name not in list(ProviderChoice):
        raise ToolError(f"PROVIDER={name} is not a provider; set it to emulated or hashicorp.")
    return ProviderChoice(name)


@contextlib.contextmanager
def _attached(choice: ProviderChoice, emulator: Emulator, stack: Path) -> Generator[Mapping[str, str]]:
    """What Terraform's environment has for the provider: the double attached, or nothing for the real one."""
    double: AbstractContextManager[Mapping[str, str]] = (
        attached(Provider(emulator.kind, folder=stack))
        if choice is ProviderChoice.EMULATED
        else contextlib.nullcontext({})
    )
    with double as environment:
        yield {"TF_VAR_image_tag": IMAGE_TAG, **environment}


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console(stderr=True), transient=True)


def _show(terraform: Terraform, emulator: Emulator) -> None:
    """Print where everything is, and what the emulator lacks."""
    outputs, resources = terraform.outputs(), terraform.resources()
    secrets = [each["values"]["name"] for each in resources if each["type"] == "aws_secretsmanager_secret"]
    rows = {
        "AWS endpoint": [emulator.endpoint_url],
        "CDN": [outputs["cdn_domain_name"]],
        "load balancer": [outputs["load_balancer_dns_name"]],
        "database": [outputs["database_endpoint"]],
        "cache": [outputs["cache_endpoint"]],
        "buckets": [outputs["objects_bucket"], outputs["assets_bucket"]],
        "secrets": sorted(secrets),
        "Terraform": [shown(terraform.folder)],
    }
    table = Table(title=f"{len(resources)} resources in {emulator.kind.label}", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, values in rows.items():
        table.add_row(name, "\n".join(values))
    out = console()
    out.print(table)
    gaps = load_gaps(emulator.kind)
    left_out = Counter(
        gaps[each["type"]].lacks for each in resources if str(each["values"].get("id")).startswith(NOT_EMULATED)
    )
    for lacking, number in sorted(left_out.items()):
        out.print(
            f"Left out, since {emulator.kind.label} has no {lacking}: {number} resource{'s' if number > 1 else ''}.",
            soft_wrap=True,
        )


def platform() -> LocalPlatform:
    """The platform of this working copy. Raises ToolError if its stack isn't synthesized."""
    read_stack(STACK)
    return LocalPlatform(FOLDER, stack_file(STACK).parent)
