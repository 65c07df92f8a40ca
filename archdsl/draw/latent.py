"""Latent: networks as squares, vectors as bars and pictures at both ends, as a variational autoencoder is drawn.

The two vectors fork from the encoder, above and below the axis, and join in the drawn one.
"""

from __future__ import annotations

from math import log2

from archdsl.draw.error import DrawError
from archdsl.draw.fonts import DESCENT, LEADING, wrap
from archdsl.draw.lines import fat
from archdsl.draw.photo import photo
from archdsl.draw.picture import Group, Rect, fit, lines_of
from archdsl.draw.reduce import count, show
from archdsl.draw.subject import capital, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.picture import Item, Picture
    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject

SQUARE = 96.0
BAR = 30.0
TALL = 88.0
GAP = 36.0
TEXT = 18.0


def layout(subject: Subject) -> Picture:
    """Lay out an encoder, the vectors that a draw joins, and a decoder."""
    parts = subject.parts()
    draw = find_draw(parts)
    first, second = (parts[number] for number in draw.inputs)
    encoder, decoder = _before(parts, draw), _after(parts, draw)
    source = next(part for part in parts if part.kind == "input")
    goal = next((part for part in parts if part.kind == "output" and decoder and part.inputs[0] == decoder[-1].number), draw)
    xs = _columns()
    high = {part.number: _height(part, (first, second, draw)) for part in (first, second, draw)}
    items: list[Item] = []
    for role, part, x in (("source", source, xs[0]), ("sink", goal, xs[5])):
        items.append(Group(role, f"{words(part.name)} {show(part.type)}", _end(subject, part, x)))
    texts = [_network(subject, one, default) for one, default in ((encoder, "encoder"), (decoder, "decoder"))]
    items.append(Group("network", texts[0], _square(xs[1], texts[0], _kind(encoder))))
    items.append(Group("network", texts[1], _square(xs[4], texts[1], _kind(decoder))))
    offset = 18.0 + max(high[first.number], high[second.number]) / 2
    vectors = (
        (first, xs[2], -offset, "mean", subject.label(first.name, "mean", default="mean vector"), "bottom"),
        (second, xs[2], offset, "spread", subject.label(second.name, "deviation", default="standard deviation vector"), "top"),
        (draw, xs[3], 0.0, "latent", subject.label(draw.name, "latent", default="sampled latent vector"), "bottom"),
    )
    for part, x, y, paint, text, side in vectors:
        items.append(Group("vector", f"{words(part.name)} {show(part.type)}", _vector(x, y, high[part.number], paint, text, side)))
    items.append(Group("connection", "", _arrows(xs, offset)))
    desc = (
        f"{subject.title}, from left to right: {source.name} {show(source.type)}; {texts[0]}; a fork into {vectors[0][4]} of "
        f"{show(first.type)} above and {vectors[1][4]} of {show(second.type)} below, which join in {vectors[2][4]} of {show(draw.type)}; "
        f"{texts[1]}; {goal.name} {show(goal.type)}. Short fat arrows lead from each to the next."
    )
    return fit(items, subject.title, desc)


def find_draw(parts: Sequence[Part]) -> Part:
    """Return the part that draws from two vectors; raises DrawError where there is none."""
    found = next((part for part in parts if part.role == "sample" and len(part.inputs) == 2), None)
    if found is None:
        last = parts[-1]
        raise DrawError(
            f"latent shows two vectors that join in a draw, and no edge into {last.name or last.word} comes from one", last.span
        )
    return found


def _before(parts: Sequence[Part], draw: Part) -> list[Part]:
    """Return what the two vectors are computed by, without them and the input."""
    seen, stack = set(draw.inputs), [n for number in draw.inputs for n in parts[number].inputs]
    while stack:
        number = stack.pop()
        if number not in seen:
            seen.add(number)
            stack.extend(parts[number].inputs)
    return [part for part in parts if part.number in seen - set(draw.inputs) and part.kind not in ("input", "output")]


def _after(parts: Sequence[Part], draw: Part) -> list[Part]:
    """Return what is computed from the draw."""
    seen = {draw.number}
    for part in parts:
        if any(number in seen for number in part.inputs):
            seen.add(part.number)
    return [part for part in parts if part.number in seen - {draw.number} and part.kind != "output"]


def _network(subject: Subject, parts: Sequence[Part], default: str) -> str:
    """Return what a network is called: by the module that most of its layers stand in."""
    heads = [part.path[0] for part in parts if part.path]
    name = max(dict.fromkeys(heads), key=heads.count) if heads else default
    return subject.label(name, default, default=f"{capital(words(name if len(heads) > 1 else default))} Network")


def _kind(parts: Sequence[Part]) -> str:
    """Return in a word what most of a network's layers are."""
    roles = [
        "deconv" if part.word.startswith("conv_transpose") else "conv" if part.role == "convolution" else part.role
        for part in parts
        if part.role in ("convolution", "linear", "recurrent", "attention")
    ]
    return max(dict.fromkeys(roles), key=roles.count) if roles else ""


def _columns() -> list[float]:
    """Return the middles of picture, encoder, vectors, draw, decoder and picture; the draw leaves room for its label."""
    widths, gaps = [SQUARE, SQUARE, BAR, BAR, SQUARE, SQUARE], [GAP, GAP, GAP + 12, GAP, GAP]
    xs = [0.0]
    for index, gap in enumerate(gaps):
        xs.append(xs[-1] + widths[index] / 2 + gap + widths[index + 1] / 2)
    return xs


def _height(part: Part, all_of: Sequence[Part]) -> float:
    """Equal vectors are equally high; others by the logarithm of their length."""
    longest = max(count(one.type) for one in all_of)
    return TALL * (0.45 + 0.55 * log2(1 + count(part.type)) / log2(1 + longest))


def _end(subject: Subject, part: Part, x: float) -> tuple[Item, ...]:
    """Return what stands at an end: a picture for an image, a bar for what is none."""
    if part.image is not None:
        return photo(x, 0.0, SQUARE, subject.options.get("image"))
    return (Rect(x - BAR / 2, -SQUARE / 2, BAR, SQUARE, "photo"),)


def _square(x: float, text: str, kind: str) -> tuple[Item, ...]:
    lines = wrap(text, SQUARE - 10, TEXT, bold=True)
    half = SQUARE / 2
    box = Rect(x - half, -half, SQUARE, SQUARE, "square", line=1.8)
    if not kind:
        return box, *lines_of(lines, x, 0.0, TEXT, paint="square", bold=True)
    below = (len(lines) * LEADING * TEXT + 24) / 2
    return (
        box,
        *lines_of(lines, x, -below, TEXT, paint="square", bold=True, at="top"),
        *lines_of([f"({kind})"], x, below + DESCENT * TEXT, TEXT, paint="square", at="bottom"),
    )


def _vector(x: float, y: float, high: float, paint: str, text: str, side: str) -> tuple[Item, ...]:
    lines = wrap(text, 150.0 if side == "top" else 112.0, TEXT, bold=True)
    edge = y - high / 2 - 7 if side == "bottom" else y + high / 2 + 10
    return Rect(x - BAR / 2, y - high / 2, BAR, high, paint, line=1.8), *lines_of(lines, x, edge, TEXT, bold=True, at=side)


def _arrows(xs: Sequence[float], offset: float) -> tuple[Item, ...]:
    """Return the short fat arrows that float in the gaps."""
    half, bar = SQUARE / 2, BAR / 2
    flat = [(xs[0] + half, xs[1] - half), (xs[3] + bar, xs[4] - half), (xs[4] + half, xs[5] - half)]
    found: list[Item] = []
    for left, right in flat:
        found.extend(fat((left + 7, 0.0), (right - 6, 0.0)))
    for sign in (-1, 1):
        rise = min(20.0, offset / 3)
        middle = sign * offset * 0.55
        found.extend(fat((xs[1] + half + 7, middle - sign * rise / 2), (xs[2] - bar - 7, middle + sign * rise / 2)))
        found.extend(fat((xs[2] + bar + 8, middle + sign * rise / 2), (xs[3] - bar - 8, middle - sign * rise / 2)))
    return tuple(found)
