"""What analysis says, one function a complaint."""

from __future__ import annotations

from archdsl.syntax.complaints import MODULES
from archdsl.text.complaint import Complaint, Label
from archdsl.text.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from archdsl.text.source import Span


def _did_you_mean(name: str, candidates: Iterable[str]) -> str:
    near = nearest(name, candidates)
    return f"Did you mean {near}?" if near else ""


def unknown_name(name: str, span: Span, candidates: Iterable[str]) -> Complaint:
    """A name that nothing defines."""
    truth = {"yes": "True", "on": "True", "no": "False", "off": "False", "null": "None", "nil": "None"}.get(name.lower())
    suggestion = f"Write {truth}." if truth else _did_you_mean(name, candidates)
    if name in MODULES and span.source.text[span.end : span.end + 1] == ".":
        suggestion = f"Names stand without a module: leave {name}. out."
    return Complaint("unknown-name", f"I know nothing by the name {name}", span, "not defined at this point", (), suggestion)


def unknown_layer(name: str, span: Span, candidates: Iterable[str]) -> Complaint:
    """A call, or a member of a chain, that is no layer."""
    near = _did_you_mean(name, candidates)
    return Complaint(
        "unknown-layer",
        f"There is no layer, block or function {name}",
        span,
        "not known",
        (),
        near or "archdsl layers lists all there are.",
    )


def not_a_layer(what: str, span: Span) -> Complaint:
    """Something that cannot be applied stands where a layer has to."""
    return Complaint("not-a-layer", f"A layer is wanted here, and this is {what}", span, f"this is {what}")


def not_a_value(what: str, span: Span) -> Complaint:
    """Something that is no tensor stands where one has to."""
    hint = "Apply it to a value first, as in x -> layer." if what == "a layer" else ""
    return Complaint("not-a-value", f"A value is wanted here, and this is {what}", span, f"this is {what}", (), hint)


def not_a_constant(what: str, span: Span) -> Complaint:
    """Something that is known only when the network runs stands where a constant has to."""
    return Complaint(
        "not-a-constant", f"A constant is wanted here, and this is {what}", span, f"this is {what}", (),
        "Loops, conditions and arguments are decided when the spec is compiled.",
    )  # fmt: skip


def bad_constant(message: str, span: Span, suggestion: str = "") -> Complaint:
    """A constant expression that has no answer."""
    return Complaint("bad-constant", message[0].upper() + message[1:], span, "cannot be computed", (), suggestion)


def mismatch(code: str, message: str, span: Span, note: str, labels: tuple[Label, ...], suggestion: str) -> Complaint:
    """A layer refuses its input or an argument."""
    return Complaint(code, message, span, note, labels, suggestion)


def inferred_wrong(layer: str, argument: str, found: object, given: object, span: Span, labels: tuple[Label, ...]) -> Complaint:
    """An argument that inference supplies was given, and is something else."""
    return Complaint(
        "shape-mismatch", f"{layer} wants {argument}={given} and gets {found}", span, f"you wrote {given}", labels,
        f"Leave {argument} out, and it follows from the input.",
    )  # fmt: skip


def shared_differs(name: str, before: str, now: str, span: Span, first: Span) -> Complaint:
    """A named layer is used for inputs that need other weights."""
    return Complaint(
        "shape-mismatch", f"{name} has weights for {before}, and this use needs {now}", span, f"needs {now}",
        (Label(first, f"made for {before} here"),), "A named layer shares its weights; define a second one.",
    )  # fmt: skip


def unknown_state(name: str, size: str, span: Span) -> Complaint:
    """A state of a cell would be of a symbolic size."""
    return Complaint(
        "unknown-size",
        f"The state {name} has a size that is not known, {size}",
        span,
        f"{size} is symbolic",
        (),
        "Give it a number, or a parameter of the cell.",
    )


def batch_written(span: Span) -> Complaint:
    """A shape names the batch."""
    return Complaint(
        "batch-written",
        "Shapes are written without the batch, which is called B",
        span,
        "this would be a second one",
        (),
        "Leave it out: [1, 28, 28] is one image.",
    )


def unknown_weights(layer: str, size: str, span: Span, labels: tuple[Label, ...]) -> Complaint:
    """A layer's weights would be of a symbolic size."""
    return Complaint(
        "unknown-size",
        f"{layer} has weights of size {size}, which is known only when the network runs",
        span,
        f"{size} is symbolic",
        labels,
        "Give the input a number there, or take mean(x, dim=...) over that dimension first.",
    )


def ragged_refused(layer: str, span: Span, origin: Span) -> Complaint:
    """A layer cannot work on sequences of differing length."""
    return Complaint(
        "ragged", f"{layer} does not work on sequences whose lengths differ", span, "gets a ragged sequence",
        (Label(origin, "the ragged sequence is declared here"),), "Take last(x) or mean(x, dim=1) first, or drop `ragged` from the input.",
    )  # fmt: skip


def defined_twice(name: str, what: str, span: Span, first: Span | None) -> Complaint:
    """A name that may be given once is given again."""
    labels = (Label(first, "first defined here"),) if first is not None else ()
    return Complaint("defined-twice", f"{what} {name} is defined twice", span, "defined again", labels, "Give one of them another name.")


def reserved(name: str, why: str, span: Span, suggestion: str) -> Complaint:
    """A name that Python, nn.Module or torch needs."""
    return Complaint("reserved-name", f"{name} cannot be a name here: {why}", span, "needed elsewhere", (), f"Call it {suggestion}, say.")


def layer_name_taken(name: str, torch: str, span: Span) -> Complaint:
    """A value bears the name of a torch.nn class's layer."""
    return Complaint(
        "reserved-name",
        f"A value cannot be called {name}, which is the layer {torch}",
        span,
        "the name of a layer",
        (),
        f"Call it {name}_output, say.",
    )


def never_applied(name: str, span: Span) -> Complaint:
    """A named layer that nothing applies."""
    return Complaint(
        "unused-layer", f"Nothing applies the layer {name}", span, "never applied", (), f"Write x -> {name} somewhere, or take it out."
    )


def never_read(name: str, span: Span) -> Complaint:
    """An input that neither model nor recipe uses."""
    return Complaint("unused-input", f"Nothing uses the input {name}", span, "never used", (), "Use it, or take it out.")


def wrong_count(what: str, wanted: str, found: int, span: Span) -> Complaint:
    """Too few or too many of something."""
    return Complaint("wrong-count", f"{what} wants {wanted} and gets {found}", span, f"gets {found}")


def recursion(name: str, span: Span, declared: Span) -> Complaint:
    """A block or shorthand uses itself."""
    return Complaint(
        "recursion",
        f"{name} uses itself",
        span,
        "used inside itself",
        (Label(declared, "declared here"),),
        "There is no recursion; repeat(n, block) stacks blocks.",
    )


def bad_argument(callee: str, message: str, span: Span, suggestion: str = "") -> Complaint:
    """A call that does not fit what it calls."""
    return Complaint("bad-argument", message, span, f"in the call of {callee}", (), suggestion)


def too_large(what: str, count: int, most: int, span: Span) -> Complaint:
    """A budget is passed before anything is expanded."""
    return Complaint("too-large", f"{what} would come to {count:,}, and {most:,} is the most", span, "too many")


def too_deep(span: Span) -> Complaint:
    """An expression nested beyond what anybody writes."""
    return Complaint("too-deep", "This is nested too deeply for me", span, "nested here", (), "Give parts of it names of their own.")


def misplaced(word: str, where: str, span: Span) -> Complaint:
    """A statement stands where it has no meaning."""
    return Complaint("misplaced", f"{word} has no meaning {where}", span, "not here")


def missing(what: str, span: Span, suggestion: str = "") -> Complaint:
    """Something that has to be there is not."""
    return Complaint("missing", what, span, "missing here", (), suggestion)


def unknown_field(name: str, span: Span, candidates: Iterable[str]) -> Complaint:
    """A field that recipes do not have."""
    known = list(candidates)
    near = _did_you_mean(name, known)
    return Complaint(
        "unknown-field", f"There is no field {name}", span, "not known here", (), near or f"The fields are {', '.join(known)}."
    )


def not_yet(name: str, span: Span) -> Complaint:
    """A field of the language that training does not have yet."""
    return Complaint(
        "not-yet",
        f"The field {name} is in the language, and not yet in this version",
        span,
        "not supported yet",
        (),
        "Take it out to train without it.",
    )


def bad_field(name: str, wanted: str, found: str, span: Span) -> Complaint:
    """A field of a recipe has a value of the wrong kind."""
    return Complaint("bad-field", f"{name} wants {wanted} and gets {found}", span, f"this is {found}")
