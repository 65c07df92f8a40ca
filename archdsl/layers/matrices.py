"""Products of matrices, and sums over products."""

from __future__ import annotations

from archdsl.dims import agree
from archdsl.layers.broadcasting import join, promote
from archdsl.layers.geometry import count, want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import BATCH, Applied, Mismatch, Tensor, from_full, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.dims import Size


def _joined(left: Size, right: Size) -> Size | None:
    """Broadcast two sizes, of which the batch goes with itself and with 1 alone."""
    if BATCH in (left, right) and left != right and 1 not in (left, right):
        return None
    return join(left, right)


def _same(left: Size, right: Size) -> bool:
    return left == right if BATCH in (left, right) else agree(left, right)


@layer("torch.matmul", role="linear")
def matmul(left: Tensor, right: Tensor, /) -> Applied:
    """Multiplies matrices, or vectors with them, one for each of the dimensions before; `a @ b`."""
    return multiply(left, right)


def multiply(left: Tensor, right: Tensor) -> Applied:
    """Return the product of two values as `@` has it. Raises Mismatch where inner sizes differ."""
    if right.ragged or (left.ragged and len(left.shape) < 2):
        raise Mismatch("cannot go along a ragged dimension")
    a, b = left.full, right.full
    if not a or not b:
        raise Mismatch("wants vectors or matrices and gets a number")
    inner = b[-2] if len(b) > 1 else b[0]
    if not _same(a[-1], inner):
        raise Mismatch(f"wants inner sizes that agree and gets {a[-1]} and {inner}", value=1)
    lead = _leads(a[:-2], b[:-2])
    rows, columns = (a[-2:-1] if len(a) > 1 else ()), (b[-1:] if len(b) > 1 else ())
    out = from_full((*lead, *rows, *columns), promote(left.dtype, right.dtype))
    if left.ragged and out.shape[:1] == left.shape[:1]:
        out = out.replace(ragged=True, lengths=left.lengths)
    return Applied(out, macs=count(out.shape) * inner)


def _leads(left: tuple[Size, ...], right: tuple[Size, ...]) -> tuple[Size, ...]:
    rank = max(len(left), len(right))
    sizes: list[Size] = []
    for a, b in zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True):
        size = _joined(a, b)
        if size is None:
            raise Mismatch(
                f"wants dimensions before the matrices that go together and gets {show_shape(left)} and {show_shape(right)}", value=1
            )
        sizes.append(size)
    return tuple(sizes)


@layer("torch.bmm", role="linear")
def bmm(left: Tensor, right: Tensor, /) -> Applied:
    """Multiplies one matrix with another for each sample: [N, M] with [M, P]."""
    left.expect("N", "M")
    right.expect("M", "P")
    if not (left.batched and right.batched):
        raise Mismatch("wants a matrix for each sample, twice", value=int(left.batched))
    return multiply(left, right)


@layer("torch.outer")
def outer(left: Tensor, right: Tensor, /) -> Applied:
    """The product of each number of one vector with each of another, for each sample."""
    (rows,), (columns,) = left.expect("M"), right.expect("N")
    if left.batched != right.batched:
        raise Mismatch("wants two vectors for each sample", value=1)
    out = Tensor((rows, columns), promote(left.dtype, right.dtype), left.batched)
    return Applied(out, call="{0}[..., :, None] * {1}[..., None, :]")


@layer("torch.cdist")
def cdist(left: Tensor, right: Tensor, /, p: float = 2.0) -> Applied:
    """The distances between all vectors of [P, F] and all of [R, F]."""
    *_, points, wide = left.expect("...", "P", "F")
    *_, others, other_wide = right.expect("...", "R", "F")
    want_floats(left, right)
    if not _same(wide, other_wide):
        raise Mismatch(f"wants vectors of one size and gets {wide} and {other_wide}", value=1)
    lead = _leads(left.full[:-2], right.full[:-2])
    return Applied(from_full((*lead, points, others), promote(left.dtype, right.dtype)))


@layer("torch.einsum", variadic_values=True, role="linear")
def einsum(tensors: tuple[Tensor, ...], /, equation: str) -> Applied:
    """Sums products over the letters that the result leaves out: `einsum("bhid,bhjd->bhij", q, k)`."""
    inputs, output = _equation(equation, tensors)
    sizes: dict[str, Size] = {}
    for index, (letters, tensor) in enumerate(zip(inputs, tensors, strict=True)):
        if len(letters) != tensor.rank:
            raise Mismatch(f"{''.join(letters)} names {len(letters)} dimensions of {show_shape(tensor.shape, tensor.batched)}", value=index)
        for letter, size in zip(letters, tensor.full, strict=True):
            known = sizes.setdefault(letter, size)
            both = _joined(known, size)
            if both is None:
                raise Mismatch(f"{letter} is {known} and {size} in {equation!r}", value=index)
            sizes[letter] = both
    unknown = [letter for letter in output if letter not in sizes]
    if unknown or len(set(output)) < len(output):
        raise Mismatch(f"{equation!r} gives {(unknown or output)[0]!r}, which it does not take, or gives it twice", argument="equation")
    out = from_full([sizes[letter] for letter in output], promote(*(tensor.dtype for tensor in tensors)))
    values = ", ".join(f"{{{index}}}" for index in range(len(tensors)))
    total: Size = 1
    for size in sizes.values():
        total = total * (1 if size == BATCH else size)
    return Applied(out, macs=total, call="torch.einsum({equation}, " + values + ")")


def _equation(equation: str, tensors: tuple[Tensor, ...]) -> tuple[list[list[str]], list[str]]:
    """Take an equation apart into letters; what `...` stands for gets letters of its own, `.0`, `.1`, from the last."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors):
        raise Mismatch(f"{equation!r} takes {len(terms)} values and gets {len(tensors)}", argument="equation")
    inputs, most = [], 0
    for term, tensor in zip(terms, tensors, strict=True):
        rest = tensor.rank - len(term.replace("...", ""))
        most = max(most, rest if "..." in term else 0)
        inputs.append(_letters(term, max(rest, 0), equation))
    if arrow:
        return inputs, _letters(right, most, equation)
    flat = [letter for term in inputs for letter in term]
    once = sorted({letter for letter in flat if flat.count(letter) == 1 and not letter.startswith(".")})
    return inputs, [f".{place}" for place in reversed(range(most))] + once


def _letters(term: str, rest: int, equation: str) -> list[str]:
    before, dots, after = term.partition("...")
    letters = before + after
    if letters and not (letters.isascii() and letters.isalpha()):
        raise Mismatch(f"{equation!r} is no equation of letters", argument="equation")
    return [*before, *([f".{place}" for place in reversed(range(rest))] if dots else []), *after]
