"""An SVG picture of cards in zones, joined by lines with right angles: what `tools.picture.diagram` draws with."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

CARD_WIDTH: Final = 188
CARD_HEIGHT: Final = 86
_CORNER: Final = 8
_PILE: Final = 8
_FONT: Final = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_INK: Final = "#1f2937"
_MUTED: Final = "#5b6675"

FAMILY_COLOURS: Final[Mapping[str, str]] = {
    "network": "#7c3aed",
    "compute": "#ea580c",
    "database": "#2563eb",
    "storage": "#3f8f2f",
    "cdn": "#0e7c86",
    "security": "#c81e4a",
}

_GLYPHS: Final[Mapping[str, str]] = {
    # Drawn in a box of 24 by 24, as lines of width 2.
    "bell": "M6 17h12l-1.5-2.5V10a4.5 4.5 0 0 0-9 0v4.5zM10.5 20h3",
    "box": "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
    "bucket": "M5 6l2 14h10l2-14M5 6a7 2.5 0 0 0 14 0a7 2.5 0 0 0-14 0",
    "clock": "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 7v5l3.5 2",
    "database": "M5 6v12a7 2.5 0 0 0 14 0V6M5 6a7 2.5 0 0 0 14 0a7 2.5 0 0 0-14 0M5 12a7 2.5 0 0 0 14 0",
    "door": "M7 21V3h10v18M4 21h16M13.5 12v1",
    "globe": "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M3 12h18M12 3c-5 5-5 13 0 18M12 3c5 5 5 13 0 18",
    "key": "M8 11a4 4 0 1 0 0 8a4 4 0 0 0 0-8M11 12.5L19 4.5M16 7.5l3 3",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    "plug": "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
    "shield": "M12 3l7 3v5c0 5-3 8-7 10c-4-2-7-5-7-10V6zM9 12l2 2 4-4",
    "split": "M12 3v6M12 9L5 16v4M12 9l7 7v4M12 9v11",
    "steps": "M4 5h6v5H4zM14 14h6v5h-6zM10 7.5h7V14",
    "terminal": "M3 5h18v14H3zM7 9l3 3-3 3M12 15h5",
    "up": "M12 20V5M6 11l6-6 6 6",
    "bolt": "M13 3L5 14h6l-1 7 8-11h-6z",
}

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A box with an icon, a title and up to three lines of text; `x` and `y` are its upper left corner."""

    x: float
    y: float
    title: str
    lines: Sequence[str]
    glyph: str
    family: str
    width: float = CARD_WIDTH
    stacked: bool = False
    """Whether there are several of it: drawn as a pile."""

    @property
    def middle(self) -> float:
        """The x of its centre."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + CARD_HEIGHT

    @property
    def top(self) -> float:
        """The y of its upper edge, or of its pile's."""
        return self.y - (_PILE if self.stacked else 0)

    @property
    def right(self) -> float:
        """The x of its right edge, or of its pile's."""
        return self.x + self.width + (_PILE if self.stacked else 0)

    @property
    def level(self) -> float:
        """The y of its centre."""
        return self.y + CARD_HEIGHT / 2


class Picture:
    """Shapes in the order they are drawn. `render` gives the same text for the same shapes."""

    def __init__(self, title: str, description: str) -> None:
        self._title = title
        self._description = description
        self._zones: list[str] = []
        self._lines: list[str] = []
        self._cards: list[str] = []
        self._texts: list[str] = []

    def zone(self, box: tuple[float, float, float, float], label: str, *, fill: str, stroke: str) -> None:
        """A labelled area; `box` is left, top, right, bottom."""
        left, top, right, bottom = box
        self._zones.append(
            f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" rx="12" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )
        self._zones.append(
            f'<text x="{left + 16:g}" y="{top + 22:g}" class="zone" style="fill:{stroke}">{escape(label)}</text>'
        )

    def chips(self, right: float, top: float, letters: Sequence[str], colour: str) -> None:
        """Small labels in a row that ends at `right`: the zones an area spans."""
        for index, letter in enumerate(reversed(letters)):
            left = right - 16 - 26 * (index + 1)
            self._zones.append(
                f'<rect x="{left:g}" y="{top + 8:g}" width="22" height="20" rx="6" fill="#fff" stroke="{colour}"/>'
                f'<text x="{left + 11:g}" y="{top + 22:g}" class="chip" style="fill:{colour}">{escape(letter)}</text>'
            )

    def card(self, card: Card) -> None:
        """A card; a pile of cards where it is stacked."""
        colour = FAMILY_COLOURS[card.family]
        shape = f'width="{card.width:g}" height="{CARD_HEIGHT}" rx="10" fill="#fff" stroke="{colour}"'
        if card.stacked:
            for offset in (_PILE, _PILE / 2):
                self._cards.append(f'<rect x="{card.x + offset:g}" y="{card.y - offset:g}" {shape}/>')
        self._cards.append(f'<rect x="{card.x:g}" y="{card.y:g}" {shape} stroke-width="1.5"/>')
        self._cards.append(
            f'<rect x="{card.x + 10:g}" y="{card.y + 10:g}" width="24" height="24" rx="6" fill="{colour}"/>'
            f'<path transform="translate({card.x + 13:g} {card.y + 13:g}) scale(.75)" d="{_GLYPHS[card.glyph]}" '
            f'class="glyph"/>'
        )
        self._cards.append(f'<text x="{card.x + 42:g}" y="{card.y + 27:g}" class="title">{escape(card.title)}</text>')
        for index, line in enumerate(card.lines):
            self._cards.append(
                f'<text x="{card.x + 12:g}" y="{card.y + 50 + 14 * index:g}" class="line">{escape(line)}</text>'
            )

    def line(self, points: Sequence[Point], *, colour: str, dashed: bool = False) -> None:
        """An arrow along `points`, its corners rounded."""
        style = ' stroke-dasharray="6 4"' if dashed else ""
        self._lines.append(
            f'<path d="{_rounded(points)}" class="edge" stroke="{colour}"{style}/>{_head(points, colour)}'
        )

    def text(self, x: float, y: float, text: str, *, kind: str = "note", anchor: str = "start") -> None:
        """A piece of text; `kind` is note, heading or label (which stands out from the lines under it)."""
        halo = [' stroke="#fff" stroke-width="4" stroke-linejoin="round"', ""] if kind == "label" else [""]
        self._texts.extend(
            f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}"{outline}>{escape(text)}</text>'
            for outline in halo
        )

    def legend(self, x: float, y: float) -> None:
        """What the cards' colours mean, and the two kinds of lines."""
        for family, colour in FAMILY_COLOURS.items():
            self._texts.append(f'<rect x="{x:g}" y="{y - 10:g}" width="12" height="12" rx="3" fill="{colour}"/>')
            self.text(x + 18, y, family)
            x += 92
        self.text(x + 8, y, "Dashed: connections out. Below the services, each line's colour is its workload's.")

    def render(self, width: float, height: float) -> str:
        """The whole picture as SVG."""
        style = (
            f"text{{font-family:{_FONT};fill:{_INK};font-size:12px}}.title{{font-weight:600;font-size:13px}}"
            f".line,.note{{font-size:11px;fill:{_MUTED}}}.zone{{font-weight:600;font-size:12.5px}}"
            f".chip{{font-size:11px;font-weight:600;text-anchor:middle}}.heading{{font-size:20px;font-weight:700}}"
            f".label{{font-size:11px;font-weight:600;fill:{_INK}}}"
            f".glyph{{fill:none;stroke:#fff;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}}"
            f".edge{{fill:none;stroke-width:1.8}}"
        )
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
                f"aria-label={quoteattr(self._title)}>",
                f"<title>{escape(self._title)}</title>",
                f"<desc>{escape(self._description)}</desc>",
                f"<style>{style}</style>",
                f'<rect width="{width:g}" height="{height:g}" rx="16" fill="#fff"/>',
                *self._zones,
                *self._lines,
                *self._cards,
                *self._texts,
                "</svg>\n",
            ]
        )


def _rounded(points: Sequence[Point]) -> str:
    path = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _towards(corner, before), _towards(corner, after)
        path.append(f"L{near[0]:g} {near[1]:g}Q{corner[0]:g} {corner[1]:g} {far[0]:g} {far[1]:g}")
    path.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    return "".join(path)


def _towards(corner: Point, other: Point) -> Point:
    """The point `_CORNER` away from the corner in the direction of the other, at most half of the way."""
    distance = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    part = min(_CORNER, distance / 2) / distance if distance else 0
    return corner[0] + (other[0] - corner[0]) * part, corner[1] + (other[1] - corner[1]) * part


def _head(points: Sequence[Point], colour: str) -> str:
    """The arrow's head at the last point."""
    (before_x, before_y), (x, y) = list(itertools.pairwise(points))[-1]
    along = (x > before_x) - (x < before_x), (y > before_y) - (y < before_y)
    across = -along[1], along[0]
    left = x - 8 * along[0] + 4.5 * across[0], y - 8 * along[1] + 4.5 * across[1]
    right = x - 8 * along[0] - 4.5 * across[0], y - 8 * along[1] - 4.5 * across[1]
    return f'<path d="M{x:g} {y:g}L{left[0]:g} {left[1]:g}L{right[0]:g} {right[1]:g}z" fill="{colour}"/>'
