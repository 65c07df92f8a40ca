"""Which style a spec is drawn in, and why: the first that fits, from the most telling to the plainest."""

from __future__ import annotations

from archdsl.draw.reduce import count, is_chain, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.draw.reduce import Part
    from archdsl.draw.subject import Subject

STYLES = ("bars", "volumes", "flow", "neurons", "cell", "latent", "blocks", "graph")
"""The styles, by the names of their modules."""

MOST_COLUMNS = 8
"""Of more columns of neurons than this nobody can tell one from the next."""
MOST_VOLUMES = 24
"""As of boxes in a row."""


def choose(subject: Subject) -> tuple[str, str]:
    """Return a style and a sentence that says why it is the one."""
    program = subject.program
    if len(program.models) > 1:
        return "flow", f"the spec has {len(program.models)} models"
    if program.recipe is not None and any(update.name for update in program.recipe.updates) and len(program.recipe.updates) > 1:
        return "flow", "the recipe has steps"
    if any(step.kind in ("state", "next") for step in subject.steps):
        return "cell", f"{subject.model.name} has a state that goes from one moment to the next"
    if subject.model.carries:
        return "cell", f"{subject.model.name} carries {subject.model.carries[0][0]} from batch to batch"
    parts = subject.parts()
    for style, reason in (("latent", latent), ("bars", bars), ("volumes", volumes), ("neurons", neurons)):
        why = reason(parts)
        if why:
            return style, why
    return "blocks", "no other style tells more"


def latent(parts: Sequence[Part]) -> str:
    """Say where two vectors join in a draw; nothing where none do."""
    for part in parts:
        joined = [parts[number] for number in part.inputs]
        if part.role == "sample" and len(joined) == 2 and all(len(one.type.shape) == 1 for one in joined):
            return f"{joined[0].name or 'one vector'} and {joined[1].name or 'another'} join in a draw"
    return ""


def bars(parts: Sequence[Part]) -> str:
    """Say how narrow the waist of a chain is that gives back what it takes; nothing where it is no such chain."""
    if not is_chain(parts) or len(parts) < 4 or parts[0].kind != "input" or parts[-1].kind != "output":
        return ""
    ends, inside = (parts[0].shapes[0], parts[-1].type), [count(part.type) for part in parts[1:-2]]
    if ends[0].shape != ends[1].shape or min(inside) * 2 >= count(ends[0]):
        return ""
    return f"the output has the input's shape, and the waist is {min(inside)} of {count(ends[0])} wide"


def volumes(parts: Sequence[Part]) -> str:
    """Say how many feature maps a model has that is mostly a chain; nothing where it is not."""
    spatial = [part for part in parts if part.image is not None and part.kind != "output"]
    joins = sum(len(part.inputs) > 1 for part in parts)
    sized = all(known(size) for part in spatial for size in part.image.shape)  # type: ignore[union-attr] # filtered above
    if not 2 <= len(spatial) <= MOST_VOLUMES or joins * 10 > len(parts) or not sized or sum(p.kind == "input" for p in parts) != 1:
        return ""
    return f"{len(spatial)} tensors in a row are feature maps"


def neurons(parts: Sequence[Part]) -> str:
    """Say that a model is a chain of linear layers, few enough to show; nothing where it is not."""
    inner = [part for part in parts if part.kind not in ("input", "output")]
    linear = all(part.role == "linear" and part.type.shape and known(part.type.shape[-1]) for part in inner)
    if not inner or not linear or not is_chain(parts) or len(inner) + 1 > MOST_COLUMNS:
        return ""
    return f"a chain of {len(inner)} linear layers"
