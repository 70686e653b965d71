"""The command that draws: thin, and quick to import."""

from __future__ import annotations

from tools.arguments import Check


def diagram(*, check: Check = False) -> None:
    """Draw docs/architecture.svg from the synthesized stack of production.

    Examples:
        adelie generate diagram
        adelie generate diagram --check
    """
    from tools.picture import diagram
    from tools.synthesized import OUT

    diagram.refresh(OUT, diagram.PICTURE, only_check=check)
