"""Connectors: polylines with rounded corners, curves, and the tips of arrows."""

from __future__ import annotations

from archdsl.draw.picture import Head, Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.picture import Item, Point

    Commands = tuple[tuple[str, tuple[float, ...]], ...]

TIP = 9.0
"""The length of an arrow's tip."""


def arrow(
    points: Sequence[Point], *, paint: str = "line", radius: float = 0.0, width: float = 1.6, tip: float = TIP, dash: tuple[float, ...] = ()
) -> tuple[Item, ...]:
    """Return a polyline that ends in a tip at its last point; the corners are rounded by `radius`."""
    points = _distinct(points)
    (x0, y0), (x1, y1) = points[-2], points[-1]
    base = _towards((x1, y1), (x0, y0), tip * 0.7)
    return (
        Path(rounded([*points[:-1], base], radius), paint, filled=False, line=width, dash=dash),
        head((x0, y0), (x1, y1), paint, tip),
    )


def line(points: Sequence[Point], *, paint: str = "line", radius: float = 0.0, width: float = 1.6, dash: tuple[float, ...] = ()) -> Path:
    """Return a polyline without a tip."""
    return Path(rounded(_distinct(points), radius), paint, filled=False, line=width, dash=dash)


def head(start: Point, end: Point, paint: str, tip: float = TIP) -> Head:
    """Return the tip of an arrow that comes from `start` and points at `end`: a triangle with a notch."""
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    half = tip * 0.42
    bx, by = x1 - ux * tip, y1 - uy * tip
    notch = (x1 - ux * tip * 0.7, y1 - uy * tip * 0.7)
    return Head(((x1, y1), (bx - uy * half, by + ux * half), notch, (bx + uy * half, by - ux * half)), paint)


def rounded(points: Sequence[Point], radius: float) -> Commands:
    """Return the commands of a polyline whose corners are rounded as far as the sides allow."""
    commands: list[tuple[str, tuple[float, ...]]] = [("M", points[0])]
    final = len(points) - 2
    for index, (before, corner, after) in enumerate(zip(points, points[1:], points[2:], strict=False), 1):
        room = [_distance(before, corner) / (1 if index == 1 else 2), _distance(corner, after) / (1 if index == final else 2)]
        reach = min(radius, *room)
        if reach > 0.5:
            commands.append(("L", _towards(corner, before, reach)))
            commands.append(("Q", (*corner, *_towards(corner, after, reach))))
        else:
            commands.append(("L", corner))
    commands.append(("L", points[-1]))
    return tuple(commands)


def _distinct(points: Sequence[Point]) -> list[Point]:
    kept = [points[0]]
    for point in points[1:]:
        if _distance(kept[-1], point) > 0.01:
            kept.append(point)
    return kept if len(kept) > 1 else [points[0], (points[0][0], points[0][1] + 0.1)]


def _distance(a: Point, b: Point) -> float:
    return float(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5)


def _towards(start: Point, end: Point, by: float) -> Point:
    length = _distance(start, end) or 1.0
    return start[0] + (end[0] - start[0]) * by / length, start[1] + (end[1] - start[1]) * by / length


def fat(start: Point, end: Point, *, paint: str = "arrow", width: float = 5.5) -> tuple[Item, ...]:
    """Return a short fat arrow that floats between two shapes."""
    (x0, y0), (x1, y1) = start, end
    length = _distance(start, end) or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    tip, half, thin = width * 2.3, width * 1.5, width / 2
    bx, by = x1 - ux * tip, y1 - uy * tip

    def beside(x: float, y: float, by_: float) -> Point:
        return x - uy * by_, y + ux * by_

    points = (
        beside(x0, y0, thin), beside(bx, by, thin), beside(bx, by, half), end,
        beside(bx, by, -half), beside(bx, by, -thin), beside(x0, y0, -thin),
    )  # fmt: skip
    return (Head(points, paint),)


def smooth(points: Sequence[Point], *, paint: str = "line", width: float = 1.6, tip: float = TIP) -> tuple[Item, ...]:
    """Return a downward arrow through points that bends between those that are not one below the other."""
    *before, (x, y) = points
    base = (x, y - tip * 0.7)
    commands: list[tuple[str, tuple[float, ...]]] = [("M", points[0])]
    for (x0, y0), (x1, y1) in zip(points, [*before[1:], base], strict=False):
        if abs(x0 - x1) < 0.5:
            commands.append(("L", (x1, y1)))
        else:
            reach = (y1 - y0) * 0.5
            commands.append(("C", (x0, y0 + reach, x1, y1 - reach, x1, y1)))
    return Path(tuple(commands), paint, filled=False, line=width), head((x, y - 20), (x, y), paint, tip)
