"""What every command shares: how it is run, how it prints, and errors of one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import typer
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from rich.console import Console

from catalogue.yaml_file import SettingsFileError

ROOT: Final = Path(__file__).resolve().parent.parent


Json = Any
"""A value read from JSON: dict, list, str, int, float, bool or None."""


class ToolError(Exception):
    """Why a command cannot do its work; its text is one sentence with the fix."""


def run(command: Callable[..., None]) -> None:
    """Run a command line; what it cannot do becomes one sentence on stderr and exit code 1."""
    app = typer.Typer(add_completion=False)
    app.command()(command)
    run_app(app)


def run_app(app: typer.Typer) -> None:
    """As `run`, for a command line of several commands."""
    try:
        app()
    except (ToolError, SettingsFileError, BotoCoreError, ClientError) as error:
        sys.exit(sentence(error))


def sentence(error: Exception) -> str:
    """The error as one sentence that says what to do."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return "There are no AWS credentials; sign in (`aws sso login`) and set AWS_PROFILE."
        case TokenRetrievalError() | UnauthorizedSSOTokenError():
            return "The AWS session has expired; sign in again with `aws sso login`."
        case ProfileNotFound():
            return f"{one_line(error)}; set AWS_PROFILE to a profile of ~/.aws/config."
        case EndpointConnectionError() | ConnectTimeoutError() | ReadTimeoutError():
            where = error.kwargs.get("endpoint_url", "AWS")
            return f"{where} does not answer; start the emulator, or check the network and AWS_ENDPOINT_URL."
        case ClientError():
            details = error.response.get("Error", {})
            why = one_line(details.get("Message", "no reason given"))
            return f"AWS refused {error.operation_name}: {details.get('Code', 'Error')} ({why})."
        case _:
            return " ".join(str(error).split())


def console(*, stderr: bool = False) -> Console:
    """Where a command prints: colours on a terminal only, plain text in a pipe."""
    return Console(stderr=stderr, highlight=False, emoji=False, soft_wrap=False)


def shown(file: Path) -> str:
    """The path as somebody at the repository's root would type it."""
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)


def one_line(text: object) -> str:
    """The text without line breaks, and without the full stop at its end."""
    return " ".join(str(text).split()).rstrip(".")
