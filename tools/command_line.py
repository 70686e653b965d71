"""`adelie`, the command line: which words there are, and what each one calls.

The commands' modules import nothing but typer until they run, so that help and completion answer at once.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import typer

from tools.command import ToolError
from tools.emulated import commands as emulated
from tools.inspect import commands as inspecting
from tools.permissions import commands as permissions
from tools.picture import commands as picture
from tools.release import commands as releasing
from tools.terraform import commands as terraform

Command = Callable[..., None]

COMMANDS: Final[Mapping[str, Command]] = {
    "show": inspecting.show,
    "diff": inspecting.diff,
    "summary": inspecting.summary,
    "plan": terraform.plan,
    "validate": terraform.validate,
    "health": releasing.health,
}

GROUPS: Final[Mapping[str, tuple[str, Mapping[str, Command]]]] = {
    "release": (
        "Release to an environment, and go back.",
        {
            "run": releasing.run,
            "back": releasing.back,
            "list": releasing.list_,
            "current": releasing.current,
            "prepare": releasing.prepare,
            "build": releasing.build,
            "deploy": releasing.deploy,
            "again": releasing.again,
            "images": releasing.images,
            "assets": releasing.assets,
            "wake": releasing.wake,
            "migrate": releasing.migrate,
            "unlock": releasing.unlock,
            "login": releasing.login,
            "wait": releasing.wait,
            "invalidate": releasing.invalidate,
            "record": releasing.record,
            "announce": releasing.announce,
            "application": releasing.application,
        },
    ),
    "secret": ("Set what people supply.", {"set": releasing.set_secret}),
    "job": ("Run a scheduled job now.", {"run": releasing.run_job}),
    "account": (
        "Prepare an AWS account, and name its roles.",
        {"bootstrap": terraform.bootstrap, "role": permissions.role},
    ),
    "local": (
        "The whole platform on this machine, in an emulated AWS.",
        {"up": emulated.up, "down": emulated.down, "status": emulated.status},
    ),
    "generate": (
        "Write, or check, the files that are generated from the code.",
        {
            "schema": inspecting.schema,
            "iam": permissions.iam,
            "diagram": picture.diagram,
            "provider-schema": emulated.provider_schema,
            "provider-lock": terraform.provider_lock,
            "capabilities": emulated.capabilities,
        },
    ),
    "pull-request": (
        "Judge plans, and comment them in a pull request.",
        {
            "comment": terraform.comment,
            "post": terraform.post,
            "drift": terraform.drift,
            "keeps-data": terraform.keeps_data,
        },
    ),
}

_EXAMPLES: Final = "Examples:"
_FIRST_STEPS: Final = """
\b
Examples:
    adelie show prod
    adelie release run staging --tag 4f2c1e9 --application ../application
    adelie release back staging
    adelie --install-completion
"""


def app() -> typer.Typer:
    """The whole command line."""
    root = _group("The Adelie platform: what is configured, what runs, and releases.", _FIRST_STEPS, completes=True)
    for name, command in COMMANDS.items():
        _add(root, name, command)
    for name, (said, commands) in GROUPS.items():
        group = _group(said)
        for word, command in commands.items():
            _add(group, word, command)
        root.add_typer(group, name=name)
    return root


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what it cannot do becomes one sentence on stderr and exit code 1."""
    command, words = _named(list(sys.argv[1:] if arguments is None else arguments))
    try:
        command(args=words)
    except Exception as error:
        if sentence := _sentence(error):
            sys.exit(sentence)
        raise


def _named(words: list[str]) -> tuple[Callable[..., None], list[str]]:
    """The command that the first words name, to be called with the others.

    The groups on the way have no options for it; but to find that out typer imports pydantic, which takes twice as long
    as the rest of a help.
    """
    command: Any = typer.main.get_command(app())
    path = ["adelie"]
    while words and words[0] in getattr(command, "commands", {}):
        path.append(words.pop(0))
        command = command.commands[path[-1]]
    return partial(command, prog_name=" ".join(path)), words


def _group(said: str, epilog: str | None = None, *, completes: bool = False) -> typer.Typer:
    return typer.Typer(
        help=said,
        epilog=epilog,
        add_completion=completes,
        no_args_is_help=True,
        rich_markup_mode=None,  # to import Rich takes longer than everything else that a help needs
        pretty_exceptions_enable=False,
    )


def _add(to: typer.Typer, name: str, command: Command) -> None:
    said, _, examples = inspect.cleandoc(command.__doc__ or "").partition(_EXAMPLES)
    shortly = said.partition("\n")[0].removesuffix(".")  # whole: typer would cut it
    to.command(name, help=said, short_help=shortly, epilog=f"\b\n{_EXAMPLES}{examples}")(command)


def _sentence(error: Exception) -> str:
    """What the error says in one sentence; empty for one that is a mistake in this code."""
    from catalogue.yaml_file import SettingsFileError
    from tools.aws import ERRORS, sentence

    return sentence(error) if isinstance(error, (ToolError, SettingsFileError, *ERRORS)) else ""


if __name__ == "__main__":
    main()
