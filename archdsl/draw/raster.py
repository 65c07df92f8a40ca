"""PNG and PDF from an SVG, by renderers that come as wheels.

The fonts are Roboto's where `font-roboto` is installed, so that every machine gives the same picture;
else the system's first common sans-serif.
"""

from __future__ import annotations

import os

from archdsl.draw.error import DrawError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FAMILIES = (
    ("Arial", ("Arial.ttf", "arial.ttf"), ("Arial Bold.ttf", "arialbd.ttf")),
    ("Liberation Sans", ("LiberationSans-Regular.ttf",), ("LiberationSans-Bold.ttf",)),
    ("DejaVu Sans", ("DejaVuSans.ttf",), ("DejaVuSans-Bold.ttf",)),
)
MOST_PIXELS = 16000
"""Of more on a side the renderer runs out of memory."""
FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts",
    "/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip


def rendered(svg: str, ending: str) -> bytes:
    """Return an SVG as the bytes of a `.png` or `.pdf`; raises DrawError where the renderer is missing."""
    return png(svg) if ending == ".png" else pdf(svg)


def png(svg: str, width: int | None = None) -> bytes:
    """Return a PNG of an SVG, `width` pixels wide, or at twice its size, as far as memory allows."""
    try:
        import resvg_py
    except ImportError:
        raise DrawError("a figure as PNG needs resvg-py", suggestion="pip install 'archdsl[png]'") from None
    family, files = fonts()
    zoom = None
    if width is None:
        zoom = min(2.0, *(MOST_PIXELS / side for side in _size(svg)))
    drawn = resvg_py.svg_to_bytes(
        svg_string=svg, font_files=files, skip_system_fonts=True, sans_serif_family=family, width=width, zoom=zoom
    )
    return bytes(drawn)


def _size(svg: str) -> tuple[float, float]:
    """Return the width and height that an SVG says it has."""
    opening = svg[: svg.index(">")]
    width, height = (float(opening.partition(f' {name}="')[2].partition('"')[0].removesuffix("pt") or 1) for name in ("width", "height"))
    return width, height


def pdf(svg: str) -> bytes:
    """Return a PDF of an SVG, its text as text."""
    try:
        import svg2pdf_py
    except ImportError:
        return _cairo(svg)
    family, files = fonts()
    known = svg2pdf_py.FontDatabase()
    for file in files:
        known.load_font_file(file)
    named = svg.replace("sans-serif", f"'{family}', sans-serif", 1)
    return bytes(svg2pdf_py.svg_pages_to_pdfs([named], known)[0])


def _cairo(svg: str) -> bytes:
    try:
        import cairosvg
    except (ImportError, OSError):  # its wheel lacks the C library that it loads
        raise DrawError("a figure as PDF needs svg2pdf-py or CairoSVG", suggestion="pip install 'archdsl[pdf]'") from None
    return bytes(cairosvg.svg2pdf(bytestring=svg.encode()))


def fonts() -> tuple[str, list[str]]:
    """Return the family to render with, and the files of its regular and bold faces.

    Raises DrawError where there is none: the renderer would leave all text out without a word.
    """
    try:
        import font_roboto
    except ImportError:
        pass
    else:
        folder = os.path.join(os.path.dirname(font_roboto.__file__), "files")
        return "Roboto", [os.path.join(folder, f"Roboto-{face}.ttf") for face in ("Regular", "Bold")]
    found = {os.path.basename(path): path for path in _font_files()}
    for family, regular, bold in FAMILIES:
        faces = [next((found[name] for name in names if name in found), None) for names in (regular, bold)]
        if faces[0] is not None:
            return family, [face for face in faces if face is not None]
    raise DrawError("no sans-serif font was found to render text with", suggestion="pip install font-roboto")


def _font_files() -> Iterator[str]:
    for folder in FOLDERS:
        for root, folders, names in os.walk(os.path.expanduser(folder)):
            folders.sort()
            yield from (os.path.join(root, name) for name in sorted(names))
