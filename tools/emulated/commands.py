"""The commands about the emulated platform: thin, and quick to import."""

from __future__ import annotations

from tools.arguments import Check
from tools.command import say, shown


def up() -> None:
    """Deploy the localstack stack into an emulated AWS on this machine, or bring it up to date.

    Examples:
        adelie local up
        PROVIDER=hashicorp adelie local up
    """
    from tools.emulated import local

    local.platform().up()


def down() -> None:
    """Remove the emulated platform, and stop the emulator.

    Examples:
        adelie local down
    """
    from tools.emulated import local

    local.platform().down()


def status() -> None:
    """Say what runs on this machine, and where.

    Examples:
        adelie local status
    """
    from tools.emulated import local

    local.platform().status()


def provider_schema(*, check: Check = False) -> None:
    """Write emulated_provider/schema.json: the types that the stacks use, out of cdktf's bindings.

    Examples:
        adelie generate provider-schema
        adelie generate provider-schema --check
    """
    from tools.emulated import provider_schema
    from tools.synthesized import read_stack, stack_names

    types = provider_schema.types_of([read_stack(name) for name in stack_names()])
    if check:
        provider_schema.check(provider_schema.FILE, types)
    else:
        provider_schema.write(provider_schema.FILE, types)


def capabilities() -> None:
    """Draw docs/emulators.md: what the tests saw each emulator do.

    Examples:
        adelie generate capabilities
    """
    from tools.emulated import capabilities

    capabilities.FILE.write_text(capabilities.document(), encoding="utf-8")
    say(f"Wrote {shown(capabilities.FILE)}")
