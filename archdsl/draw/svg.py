"""Writes a picture as SVG: the same bytes for the same picture, text as text, readable without seeing it.

Colours stand in presentation attributes, which every converter reads; a dark page is one scoped rule.
Ids carry a hash of the content, so that several figures can share a page.
"""

from __future__ import annotations

from archdsl.draw.fonts import STACK, measured, text_width
from archdsl.draw.picture import Ellipse, Group, Head, Image, Path, Rect
from archdsl.draw.theme import DARK, LIGHT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.draw.picture import Item, Picture, Shape, Text

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def write_svg(picture: Picture, theme: str = "auto") -> str:
    """Return the picture as an SVG document.

    `theme` is `light`, `dark`, or `auto`, which follows the reader's setting.
    """
    writer = _Writer(DARK if theme == "dark" else LIGHT)
    for item in picture.items:
        writer.item(item, 1)
    body = "\n".join(writer.lines)
    width, height = number(picture.width), number(picture.height)
    name = "figure-" + _digest(f"{width} {height} {theme}\n{picture.title}\n{picture.desc}\n{body}")
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'font-family="{escape(STACK)}">'
    )
    head = [
        opening,
        f'  <title id="{name}-title">{escape(picture.title)}</title>',
        f'  <desc id="{name}-desc">{escape(picture.desc)}</desc>',
    ]
    if theme == "auto":
        head.append(f"  <style>{_dark_rule(name, writer.classes)}</style>")
    paper = f'  <rect class="page-f" width="{width}" height="{height}" fill="{writer.colours["page"][0]}"/>'
    return "\n".join([*head, paper, body, "</svg>", ""])


def _dark_rule(name: str, classes: set[str]) -> str:
    """Return the one rule that turns the figure dark, of the paints that it uses."""
    rules: list[str] = []
    for one in sorted(classes | {"page-f"}):
        paint, kind = one.rsplit("-", 1)
        fill, stroke, ink = DARK[paint]
        wanted = {"f": f"fill:{fill};stroke:{stroke}", "l": f"stroke:{stroke}", "h": f"fill:{stroke}", "t": f"fill:{ink}"}
        rules.append(f"#{name} .{one}{{{wanted[kind]}}}")
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"


class _Writer:
    """Collects elements; remembers the classes that it used."""

    def __init__(self, colours: dict[str, tuple[str, str, str]]) -> None:
        self.colours, self.lines, self.classes = colours, list[str](), set[str]()

    def item(self, item: Item, depth: int) -> None:
        """Write one item, its group's items one level deeper."""
        indent = "  " * depth
        if isinstance(item, Group):
            self.lines.append(f'{indent}<g data-role="{escape(item.role)}">')
            if item.label:
                self.lines.append(f"{indent}  <title>{escape(item.label)}</title>")
            for inner in item.items:
                self.item(inner, depth + 1)
            self.lines.append(f"{indent}</g>")
        else:
            self.lines.append(indent + self.shape(item))

    def shape(self, item: Shape) -> str:
        """Return the element of one shape or text."""
        if isinstance(item, Rect):
            radius = f' rx="{number(item.radius)}"' if item.radius else ""
            where = f'x="{number(item.x)}" y="{number(item.y)}" width="{number(item.width)}" height="{number(item.height)}"{radius}'
            return f"<rect {self.filled(item.paint, item.line, item.dash)} {where}/>"
        if isinstance(item, Ellipse):
            return self.ellipse(item)
        if isinstance(item, Path):
            look = self.filled(item.paint, item.line, item.dash) if item.filled else self.stroked(item)
            return f'<path {look} d="{_data(item.commands)}"/>'
        if isinstance(item, Head):
            points = " ".join(f"{number(x)},{number(y)}" for x, y in item.points)
            return f'<polygon class="{self.used(item.paint, "h")}" fill="{self.colours[item.paint][1]}" points="{points}"/>'
        if isinstance(item, Image):
            where = f'x="{number(item.x)}" y="{number(item.y)}" width="{number(item.width)}" height="{number(item.height)}"'
            return f'<image {where} preserveAspectRatio="xMidYMid slice" href="{escape(item.href)}"/>'
        return self.text(item)

    def ellipse(self, item: Ellipse) -> str:
        """A leaning ellipse is drawn by a transformation; an upright one stands where it is."""
        look = self.filled(item.paint, item.line, ())
        if not item.shear and not item.rise:
            return f'<ellipse {look} cx="{number(item.x)}" cy="{number(item.y)}" rx="{number(item.rx)}" ry="{number(item.ry)}"/>'
        matrix = f"matrix(1 {number(item.rise)} {number(item.shear)} 1 {number(item.x)} {number(item.y)})"
        return f'<ellipse {look} rx="{number(item.rx)}" ry="{number(item.ry)}" transform="{matrix}"/>'

    def text(self, item: Text) -> str:
        """A text keeps its measured length, whatever font stands in."""
        weight = ' font-weight="bold"' if item.bold else ""
        anchor = "" if item.anchor == "start" else f' text-anchor="{item.anchor}"'
        length = text_width(item.text, item.size, bold=item.bold)
        kept = f' textLength="{number(length)}" lengthAdjust="spacingAndGlyphs"' if length and measured(item.text) else ""
        where = f'x="{number(item.x)}" y="{number(item.y)}" font-size="{number(item.size)}"'
        look = f'class="{self.used(item.paint, "t")}" fill="{self.colours[item.paint][2]}"'
        return f"<text {look} {where}{weight}{anchor}{kept}>{escape(item.text)}</text>"

    def filled(self, paint: str, line: float, dash: tuple[float, ...]) -> str:
        """Return the attributes of an inside with a stroke around."""
        fill, stroke, _ = self.colours[paint]
        outline = "" if stroke == "none" else f' stroke="{stroke}" stroke-width="{number(line)}" stroke-linejoin="round"{_dashes(dash)}'
        return f'class="{self.used(paint, "f")}" fill="{fill}"{outline}'

    def stroked(self, item: Path) -> str:
        """Return the attributes of a line."""
        cap = ' stroke-linecap="round"' if item.dash and item.dash[0] < 1 else ""
        return (
            f'class="{self.used(item.paint, "l")}" fill="none" stroke="{self.colours[item.paint][1]}" '
            f'stroke-width="{number(item.line)}" stroke-linejoin="round"{cap}{_dashes(item.dash)}'
        )

    def used(self, paint: str, kind: str) -> str:
        """Return the class of a paint used as fill, line, head or text, and remember it."""
        name = f"{paint}-{kind}"
        self.classes.add(name)
        return name


def _dashes(dash: tuple[float, ...]) -> str:
    return f' stroke-dasharray="{" ".join(map(number, dash))}"' if dash else ""


def _data(commands: tuple[tuple[str, tuple[float, ...]], ...]) -> str:
    return "".join(letter + " ".join(map(number, points)) for letter, points in commands)


def number(value: float) -> str:
    """Write a number with at most two decimals, and no `-0`."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def escape(text: str) -> str:
    """Escape text for elements and attributes; characters that XML forbids are left out."""
    kept = (c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff")
    return "".join(_ESCAPES.get(c, c) for c in kept)


def _digest(text: str) -> str:
    """Return eight hexadecimal digits of the content (CRC-32, which needs no slow import)."""
    from zlib import crc32

    return f"{crc32(text.encode('utf-8', 'replace')):08x}"
