"""Draws a program: chooses the style, lays out, and writes SVG, PNG, PDF or DOT."""

from __future__ import annotations

from archdsl.draw.choose import STYLES, choose
from archdsl.draw.error import DrawError
from archdsl.draw.subject import Subject
from archdsl.draw.svg import write_svg
from archdsl.draw.theme import THEMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.draw.picture import Picture
    from archdsl.graph import Program


class Figure:
    """A drawn program: `style` is how it is drawn, `why` a sentence on why so, `picture` its geometry.

    The picture is None in the `graph` style, which Graphviz lays out.
    """

    def __init__(self, subject: Subject, style: str, why: str, theme: str) -> None:
        self._subject, self.style, self.why, self.theme = subject, style, why, theme
        self.picture: Picture | None = None if style == "graph" else _layout(subject, style)

    @property
    def svg(self) -> str:
        """The figure as SVG."""
        return self._svg(self.theme)

    def _svg(self, theme: str) -> str:
        if self.picture is not None:
            return write_svg(self.picture, theme)
        from archdsl.draw.dot import render

        return render(self._subject)

    @property
    def dot(self) -> str:
        """Every operation of the model in Graphviz's language; needs no Graphviz."""
        from archdsl.draw.dot import source

        return source(self._subject)

    def png(self, width: int | None = None) -> bytes:
        """Return the figure as PNG, `width` pixels wide or twice its size; raises DrawError where the renderer is missing."""
        from archdsl.draw.raster import png

        return png(self._svg("light" if self.theme == "auto" else self.theme), width)

    def pdf(self) -> bytes:
        """Return the figure as PDF; raises DrawError where the renderer is missing."""
        from archdsl.draw.raster import pdf

        return pdf(self._svg("light" if self.theme == "auto" else self.theme))


def draw(program: Program, style: str | None = None, theme: str = "auto") -> Figure:
    """Draw a program in a style: the one given, else the one that its `figure` names, else the first that fits.

    Raises DrawError for a style or theme that does not exist, and where the style cannot show the model.
    """
    subject = Subject(program)
    asked = style or program.figure.get("style")
    if asked is not None and asked not in STYLES:
        from archdsl.text.suggest import nearest

        near = nearest(str(asked), STYLES)
        raise DrawError(f"{asked} is no style of figure: {', '.join(STYLES)}", suggestion=f"Did you mean {near}?" if near else "")
    if theme not in THEMES:
        raise DrawError(f"{theme} is no theme: {', '.join(THEMES)}")
    if asked is None:
        chosen, why = choose(subject)
    else:
        chosen, why = str(asked), "it was asked for" if style else "the spec's figure says so"
    return Figure(subject, chosen, why, theme)


def draw_svg(program: Program, style: str | None = None, theme: str = "auto") -> str:
    """Draw a program as SVG; see `draw`."""
    return draw(program, style, theme).svg


def _layout(subject: Subject, style: str) -> Picture:
    """Load one layout; a figure does not pay for the others."""
    from importlib import import_module

    picture: Picture = import_module(f"archdsl.draw.{style}").layout(subject)
    return picture
