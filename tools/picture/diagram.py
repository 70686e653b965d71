"""Docs/architecture.svg, the picture of prod's synthesized stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.command import ROOT, ToolError, shown
from tools.picture import architecture
from tools.picture.architecture import Architecture, Node
from tools.picture.svg import CARD_HEIGHT, CARD_WIDTH, Card, Picture
from tools.synthesized import read_stack

PICTURE: Final = ROOT / "docs" / "architecture.svg"
PICTURED: Final = "prod"

_STYLE: Final[Mapping[str, tuple[str, str]]] = {
    # kind: glyph, family
    "alarms": ("bell", "security"),
    "bastion": ("terminal", "network"),
    "bucket-assets": ("bucket", "storage"),
    "bucket-logs": ("bucket", "storage"),
    "bucket-objects": ("bucket", "storage"),
    "cache": ("bolt", "database"),
    "cdn": ("globe", "cdn"),
    "database": ("database", "database"),
    "dns": ("lock", "cdn"),
    "endpoints": ("plug", "network"),
    "gateway": ("door", "network"),
    "images": ("box", "compute"),
    "job": ("clock", "compute"),
    "key": ("key", "security"),
    "load-balancer": ("split", "compute"),
    "nat": ("up", "network"),
    "one-off": ("steps", "compute"),
    "schedule": ("clock", "compute"),
    "secrets": ("lock", "security"),
    "service": ("box", "compute"),
    "steps": ("steps", "compute"),
    "web-acl": ("shield", "security"),
}
_WORKLOADS: Final = ("bastion", "one-off", "service", "job")
_DATA: Final = ("database", "cache")
_SIDE_ROWS: Final = (
    ("alarms",),
    ("bucket-assets", "bucket-logs"),
    ("images", "key"),
    ("steps", "schedule"),
    ("bucket-objects", "secrets"),
)
"""What is drawn beside the VPC, a row at the height of each row in it."""

_LANES: Final = ("#b45309", "#475569", "#0f766e", "#9333ea", "#be123c", "#1d4ed8", "#4d7c0f", "#0e7490")
"""The colours of the workloads' lines."""
_PLAIN: Final = "#334155"

_GAP: Final = 26
_PAD: Final = 24
_LABEL: Final = 36
"""Room for a zone's label above its cards."""
_LANE: Final = 13
"""Distance between two lines that run beside each other."""


def draw(architecture: Architecture) -> str:
    """The picture as SVG."""
    return _Drawing(architecture).render()


class _Drawing:
    """The cards' places, row by row, and the lines between them."""

    def __init__(self, architecture: Architecture) -> None:
        self._what = architecture
        self._picture = Picture(
            "Architecture of the Adelie platform on AWS",
            "Generated from cdktf.out/stacks/prod/cdk.tf.json by `make accept`; do not edit.",
        )
        self._cards: dict[str, Card] = {}
        workloads = architecture.of_kind(*_WORKLOADS)
        self._sources = [node for node in workloads if any(edge[0] == node.id for edge in self._data_edges())]
        columns = max(len(workloads), 4)
        self._left = 3 * _PAD + 8
        self._vpc_right = self._column(columns - 1) + CARD_WIDTH + 2 * _PAD
        self._side = self._vpc_right + 2 * _PAD
        self._right = self._side + 2 * CARD_WIDTH + _GAP + _PAD
        self._rows = self._row_tops()
        self._place(workloads)
        self._picture.text(_PAD, 40, "The Adelie platform on AWS: prod", kind="heading")
        self._zones()
        self._lines()
        self._picture.legend(_PAD, self._rows["data"] + CARD_HEIGHT + 3 * _PAD + 28)
        for card in self._cards.values():
            self._picture.card(card)

    def render(self) -> str:
        return self._picture.render(self._right + _PAD, self._rows["data"] + CARD_HEIGHT + 3 * _PAD + 40)

    def _column(self, number: float) -> float:
        return self._left + number * (CARD_WIDTH + _GAP)

    def _row_tops(self) -> dict[str, float]:
        edge = 108.0
        public = edge + CARD_HEIGHT + _PAD + 30 + 3 * _LABEL
        balancer = public + CARD_HEIGHT + _PAD + 34 + _LABEL
        workloads = balancer + CARD_HEIGHT + 54
        data = workloads + CARD_HEIGHT + _PAD + 20 + _LANE * len(self._sources) + 12 + _LABEL
        return {"edge": edge, "public": public, "balancer": balancer, "workloads": workloads, "data": data}

    def _place(self, workloads: Sequence[Node]) -> None:
        rows = self._rows
        for column, node in enumerate(workloads):
            self._put(node, self._column(column), rows["workloads"])
        for node in self._what.of_kind("load-balancer"):
            self._put(node, self._middle_of_services() - CARD_WIDTH / 2, rows["balancer"])
        for node in self._what.of_kind("endpoints"):
            self._put(node, self._column(0), rows["balancer"])
        for column, kind in enumerate(("gateway", "nat")):
            for node in self._what.of_kind(kind):
                self._put(node, self._column(column), rows["public"])
        span = self._vpc_right - 2 * _PAD - self._left
        for index, node in enumerate(self._what.of_kind(*_DATA)):
            self._put(node, self._left + span * (index + 1) / 3 - CARD_WIDTH / 2, rows["data"])
        for top, kinds in zip(rows.values(), _SIDE_ROWS, strict=True):
            for column, kind in enumerate(kinds):
                for node in self._what.of_kind(kind):
                    self._put(node, self._side + column * (CARD_WIDTH + _GAP), top)
        front = self._middle_of_services() - CARD_WIDTH / 2
        for offset, kind in enumerate(("web-acl", "cdn", "dns"), start=-1):
            for node in self._what.of_kind(kind):
                self._put(node, front + offset * (CARD_WIDTH + 2 * _GAP), rows["edge"])
        self._cards["internet"] = Card(
            x=self._column(0),
            y=rows["edge"],
            title="Internet",
            lines=("visitors; the APIs that", "the services call"),
            glyph="globe",
            family="cdn",
        )

    def _put(self, node: Node, x: float, y: float) -> None:
        glyph, family = _STYLE[node.kind]
        title = (
            f"{node.title} ({node.count})"
            if node.count > 1 and node.kind in {"bucket-objects", "nat", "images", "endpoints"}
            else node.title
        )
        self._cards[node.id] = Card(
            x=x, y=y, title=title, lines=_wrapped(node.lines), glyph=glyph, family=family, stacked=node.count > 1
        )

    def _middle_of_services(self) -> float:
        cards = [self._cards[node.id] for node in self._what.of_kind("service")]
        return (cards[0].middle + cards[-1].middle) / 2 if cards else self._column(1.5) + CARD_WIDTH / 2

    def _zones(self) -> None:
        rows, picture, what = self._rows, self._picture, self._what
        inner_left, inner_right = self._left - _PAD, self._vpc_right - _PAD
        edge_cards = [self._cards[node.id] for node in what.of_kind("web-acl", "cdn", "dns")]
        if edge_cards:
            box = (
                edge_cards[0].x - _PAD,
                rows["edge"] - _LABEL,
                edge_cards[-1].right + _PAD,
                rows["edge"] + CARD_HEIGHT + 20,
            )
            picture.zone(box, "AWS edge network", fill="#ecfeff", stroke="#0e7490")
        bottom = rows["data"] + CARD_HEIGHT + 3 * _PAD
        region_top = rows["public"] - 3 * _LABEL + 4
        picture.zone((_PAD, region_top, self._right, bottom), f"Region {what.region}", fill="#f8fafc", stroke="#475569")
        vpc = (self._left - 2 * _PAD + 4, region_top + _LABEL, self._vpc_right, bottom - _PAD + 4)
        picture.zone(vpc, f"VPC {what.cidr}", fill="#ffffff", stroke="#7c3aed")
        tiers = (
            ("Public subnets", rows["public"], rows["public"] + CARD_HEIGHT + 20, "#f0fdf4", "#15803d"),
            ("Private subnets", rows["balancer"], rows["workloads"] + CARD_HEIGHT + 20, "#eff6ff", "#1d4ed8"),
            ("Isolated subnets: no route out", rows["data"], rows["data"] + CARD_HEIGHT + 20, "#f5f3ff", "#6d28d9"),
        )
        for label, top, end, fill, stroke in tiers:
            picture.zone((inner_left, top - _LABEL, inner_right, end), label, fill=fill, stroke=stroke)
            picture.chips(inner_right, top - _LABEL, what.zones, stroke)

    def _lines(self) -> None:
        self._edge_lines()
        self._egress_lines()
        self._balancer_lines()
        self._schedule_lines()
        self._data_lines()

    def _edge_lines(self) -> None:
        cards = self._cards
        cdn = cards.get("cdn")
        if cdn is None:
            return
        first = cards.get("web-acl", cdn)
        internet = cards["internet"]
        self._picture.line([(internet.right, internet.level), (first.x, first.level)], colour=_PLAIN)
        self._picture.text((internet.right + first.x) / 2, internet.level - 7, "HTTPS", kind="label", anchor="middle")
        if first is not cdn:
            self._picture.line([(first.right, first.level), (cdn.x, cdn.level)], colour=_PLAIN)
        for target in self._targets("cdn"):
            if target.kind == "load-balancer":
                card = cards[target.id]
                self._picture.line([(cdn.middle, cdn.bottom), (cdn.middle, card.top)], colour=_PLAIN)
                self._picture.text(cdn.middle + 8, self._rows["public"] - _LABEL - 10, "VPC origin", kind="label")
            elif target.kind.startswith("bucket"):
                card, lane = cards[target.id], cdn.bottom + 34
                start = cdn.x + CARD_WIDTH - 24
                self._picture.line(
                    [(start, cdn.bottom), (start, lane), (card.middle, lane), (card.middle, card.top)], colour=_PLAIN
                )
                self._picture.text(card.middle - 8, lane - 7, "origin access control", kind="label", anchor="end")

    def _egress_lines(self) -> None:
        cards, picture = self._cards, self._picture
        if "nat" not in cards:
            return
        nat, gateway, internet = cards["nat"], cards["gateway"], cards["internet"]
        top = self._rows["balancer"] - _LABEL
        picture.line([(nat.middle, top), (nat.middle, nat.bottom)], colour=_PLAIN, dashed=True)
        picture.line([(nat.x, nat.level), (gateway.right, gateway.level)], colour=_PLAIN, dashed=True)
        out = gateway.right - 16
        picture.line([(out, gateway.y), (out, internet.bottom)], colour=_PLAIN, dashed=True)
        picture.text(out + 8, internet.bottom + 36, "out", kind="label")

    def _balancer_lines(self) -> None:
        for node in self._what.of_kind("load-balancer"):
            card = self._cards[node.id]
            for target in self._targets(node.id):
                below = self._cards[target.id]
                lane = (card.bottom + below.y) / 2
                port = self._what.edges[node.id, target.id]
                points = [
                    (card.middle, card.bottom),
                    (card.middle, lane),
                    (below.middle, lane),
                    (below.middle, below.top),
                ]
                self._picture.line(points, colour=_PLAIN)
                self._picture.text(below.middle + 8, below.top - 12, port, kind="label")

    def _schedule_lines(self) -> None:
        for source, target in (
            edge for edge in self._what.edges if edge[0] in {"schedule", "steps"} and edge[1] != "key"
        ):
            if source in self._cards and target in self._cards:
                here, there = self._cards[source], self._cards[target]
                self._picture.line([(here.x, here.level), (there.right, there.level)], colour=_PLAIN)

    def _data_edges(self) -> list[tuple[str, str]]:
        """From a workload to data, to what is drawn at its height beside the VPC, or to a job it may start."""
        ends = {node.id for node in self._what.of_kind(*_DATA, "bucket-objects", "secrets", "steps")}
        starts = {node.id for node in self._what.of_kind(*_WORKLOADS)}
        return [edge for edge in self._what.edges if edge[0] in starts and edge[1] in ends]

    def _data_lines(self) -> None:
        """Each workload has a lane of its own between the rows, and a place of its own at each of its targets."""
        edges = self._data_edges()
        lanes = {node.id: index for index, node in enumerate(reversed(self._sources))}
        order = [node.id for node in self._sources]
        below = self._rows["workloads"] + CARD_HEIGHT + _PAD + 14
        for target in dict.fromkeys(end for _, end in edges):
            card = self._cards[target]
            peers = sorted((start for start, end in edges if end == target), key=order.index)
            for place, source in enumerate(peers, start=1):
                start, lane = self._cards[source], below + _LANE * lanes[source]
                x = card.x + card.width * place / (len(peers) + 1)
                end = card.bottom if card.y < lane else card.top
                colour = _LANES[order.index(source) % len(_LANES)]
                self._picture.line(
                    [(start.middle, start.bottom), (start.middle, lane), (x, lane), (x, end)], colour=colour
                )
            port = next(self._what.edges[edge] for edge in edges if edge[1] == target)
            if port:
                self._picture.text(card.right + 8, card.y + 14, f"TCP {port}", kind="label")

    def _targets(self, source: str) -> list[Node]:
        return [self._what.nodes[end] for start, end in self._what.edges if start == source and end in self._cards]


def _wrapped(lines: Sequence[str], width: int = 28) -> list[str]:
    """Up to three lines: each as it is, or names joined by commas and broken where the card ends."""
    lines = [line if len(line) <= width + 2 else f"{line[:width]}…" for line in lines]
    if len(lines) <= 2:  # noqa: PLR2004 -- what a card has room for, with one to spare
        return lines
    wrapped: list[str] = []
    for line in lines:
        if wrapped and len(wrapped[-1]) + len(line) + 2 <= width:
            wrapped[-1] += f", {line}"
        else:
            wrapped.append(line)
    return wrapped[:3]


def refresh(out: Path, file: Path, *, only_check: bool) -> None:
    """Write the picture of the synthesized stack, or raise ToolError if `file` is another one."""
    drawn = draw(architecture.read(read_stack(PICTURED, out)))
    if not only_check:
        file.parent.mkdir(exist_ok=True)
        file.write_text(drawn, encoding="utf-8")
    elif not file.exists() or file.read_text(encoding="utf-8") != drawn:
        raise ToolError(f"{shown(file)} is not what the stack looks like; run `make accept` and commit it.")
