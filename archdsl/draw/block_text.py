"""What stands in the box of a layer: its word with what tells it from others, and what was folded into it."""

from __future__ import annotations

from archdsl.text.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject

WIDTHS = ("out_channels", "out_features", "hidden_size", "embedding_dim", "num_heads")
SIGNS = {"*": "×", "-": "−"}


class Words(Record):
    """`main` is the line in bold, `small` the one below it."""

    main: str
    small: str


def say(subject: Subject, part: Part) -> Words:
    """Return the text of a part's box."""
    if part.kind in ("input", "output", "state", "next"):
        return Words(subject.label(part.word, default=part.word), "")
    given = part.arguments
    kernel, stride = _sides(given.get("kernel_size")), _sides(given.get("stride", 1))
    told = [kernel] if kernel else []
    told += [str(given[name]) for name in WIDTHS if name in given and isinstance(given[name], int)]
    if stride not in ("1", "1×1", "") and stride != kernel:
        told.append(f"/{stride.split('×')[0]}")
    word = SIGNS.get(part.word, part.word)
    name = part.path[-1] if part.path and part.kind == "layer" and not part.path[-1].isdigit() else part.name
    main = subject.label(name, ".".join(part.path), default="") or " ".join([word, ", ".join(told)]).strip()
    folded = [word for word in dict.fromkeys(part.folded) if word.isidentifier()]
    return Words(main, ", ".join(folded[:3]) + ("…" if len(folded) > 3 else ""))


def _sides(value: object) -> str:
    """Write a kernel or a stride: `3×3`."""
    if isinstance(value, int):
        return f"{value}×{value}"
    if isinstance(value, tuple):
        return "×".join(map(str, value))
    return ""
