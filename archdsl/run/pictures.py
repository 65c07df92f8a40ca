"""Images as PNG files, in a grid, with nothing but zlib."""

from __future__ import annotations

import math
import struct
import zlib
from typing import TYPE_CHECKING

import torch

from archdsl.run.folder import replace

if TYPE_CHECKING:
    from pathlib import Path

GAP = 2


def save_pictures(pictures: dict[str, torch.Tensor], folder: Path, prefix: str = "") -> list[Path]:
    """Write each picture as a grid of its samples, `FOLDER/PREFIXname.png`; what is no image is left out."""
    found: list[Path] = []
    for name, images in pictures.items():
        if images.dim() == 4 and images.size(1) in (1, 3):
            path = folder / f"{prefix}{name}.png"
            replace(path, png(grid(images)))
            found.append(path)
    return found


def grid(images: torch.Tensor) -> torch.Tensor:
    """Lay images [N, C, H, W] from 0 to 1 out in rows, as bytes [H, W, C]."""
    count, channels, height, width = images.shape
    across = max(1, min(count, round(math.sqrt(count * height / width))))
    down = math.ceil(count / across)
    sheet = torch.ones(channels, down * (height + GAP) - GAP, across * (width + GAP) - GAP)
    for place, image in enumerate(images.detach().float().cpu().clamp(0, 1)):
        top, left = place // across * (height + GAP), place % across * (width + GAP)
        sheet[:, top : top + height, left : left + width] = image
    return sheet.mul(255).round().byte().permute(1, 2, 0).contiguous()


def png(pixels: torch.Tensor) -> bytes:
    """Write bytes [H, W, C], of one channel or three, as a PNG file."""
    height, width, channels = pixels.shape
    rows = pixels.numpy().reshape(height, width * channels)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(data, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
