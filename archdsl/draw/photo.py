"""The picture at the end of a figure: one that the spec brings, or a drawn landscape that stands for any."""

from __future__ import annotations

from archdsl.draw.picture import Ellipse, Image, Path, Rect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.draw.picture import Item

SAFE = ("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/webp;base64,", "data:image/gif;base64,")
"""What an image of the spec's may begin with: nothing is fetched, and nothing in it can run."""


def photo(x: float, y: float, side: float, asset: object = None) -> tuple[Item, ...]:
    """Return a square picture around (x, y)."""
    left, top = x - side / 2, y - side / 2
    if isinstance(asset, str) and asset.startswith(SAFE):
        return (Image(left, top, side, side, asset),)

    def at(u: float, v: float) -> tuple[float, float]:
        return left + u * side, top + v * side

    far = Path((("M", at(0, 0.66)), ("L", at(0.3, 0.36)), ("L", at(0.52, 0.6)), ("L", at(0.68, 0.46)), ("L", at(1, 0.76)),
                ("L", at(1, 1)), ("L", at(0, 1)), ("Z", ())), "photo-hill")  # fmt: skip
    near = Path((("M", at(0, 0.86)), ("C", (*at(0.28, 0.66), *at(0.5, 0.94), *at(1, 0.74))), ("L", at(1, 1)), ("L", at(0, 1)), ("Z", ())),
                "photo-near")  # fmt: skip
    return (
        Rect(left, top, side, side, "photo-sky"),
        Ellipse(*at(0.76, 0.24), side * 0.09, side * 0.09, "photo-sun", 0.0),
        far,
        near,
        Path((("M", at(0, 0)), ("L", at(1, 0)), ("L", at(1, 1)), ("L", at(0, 1)), ("Z", ())), "photo", filled=False, line=1.5),
    )
