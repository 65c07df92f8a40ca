"""Operations on images."""

from __future__ import annotations

from archdsl.layers.geometry import each, image, same, want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.layers.check import Sizes

CENTER_CROP = '''
def center_crop(image, size):
    """Cut an image down to a height and a width, around its middle."""
    height, width = (size, size) if isinstance(size, int) else size
    top, left = (image.size(-2) - height) // 2, (image.size(-1) - width) // 2
    return image[..., top : top + height, left : left + width]
'''


@layer("", function="center_crop", role="reshape", helper=CENTER_CROP)
def center_crop(x: Tensor, /, size: Sizes) -> Applied:
    """Cuts an image [..., H, W] down to a size around its middle."""
    *before, _, _ = x.expect("...", "H", "W")
    wanted = each(size, 2, "size")
    for old, new in zip(x.shape[-2:], wanted, strict=True):
        if isinstance(old, int) and isinstance(new, int) and new > old:
            raise Mismatch(f"size={new} is larger than the image, {old}", argument="size")
    return Applied(x.like((*before, *wanted)))


@layer(
    "F.grid_sample",
    role="upsampling",
    choices={"mode": ("bilinear", "nearest", "bicubic"), "padding_mode": ("zeros", "border", "reflection")},
)
def grid_sample(
    x: Tensor, grid: Tensor, /, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Applied:
    """Takes an image [C, H, W] at the places of a grid [H, W, 2], whose numbers go from -1 to 1."""
    dimensions = len(x.shape) - 1
    if dimensions not in (2, 3) or (mode == "bicubic" and dimensions == 3):
        raise Mismatch(f"wants an image [C, H, W] and gets {show_shape(x.shape)}")
    channels, _ = image(x, dimensions)
    want_floats(x, grid)
    if len(grid.shape) != dimensions + 1 or not same(grid.shape[-1], dimensions) or grid.batched != x.batched:
        raise Mismatch(f"wants a grid [..., {dimensions}] and gets {show_shape(grid.shape)}", value=1)
    return Applied(x.like((channels, *grid.shape[:-1])))


def _write_grid(values: list[str], arguments: dict[str, str]) -> str:
    size = arguments["size"].strip("()[] ")
    align = f", align_corners={arguments['align_corners']}" if "align_corners" in arguments else ""
    return f"F.affine_grid({values[0]}, (len({values[0]}), {size}){align})"


@layer("F.affine_grid", write=_write_grid)
def affine_grid(theta: Tensor, /, size: Sizes, align_corners: bool | None = None) -> Applied:
    """Makes the grid of an affine map [2, 3] for images of a size [C, H, W], without the batch."""
    rows, columns = theta.expect("R", "C")
    want_floats(theta)
    space = size[1:] if isinstance(size, tuple) else ()
    if len(space) not in (2, 3) or not same(rows, len(space)) or not same(columns, len(space) + 1):
        raise Mismatch(f"wants a map [{len(space)}, {len(space) + 1}] and gets {show_shape(theta.shape)}")
    return Applied(theta.like((*space, len(space))))
