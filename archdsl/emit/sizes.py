"""Sizes as people write them."""

from __future__ import annotations

from archdsl.dims import Dim
from archdsl.emit.constants import PRODUCT, level_of, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.dims import Size


def times(factors: Sequence[str]) -> str:
    """Write a product, without the ones."""
    kept = [
        within(factor, PRODUCT) if level_of(factor) != PRODUCT or "/" not in factor else f"({factor})"
        for factor in factors
        if factor != "1"
    ]
    return " * ".join(kept) or "1"


def undivided(size: Size) -> Size:
    """Read `heads * (width // heads)` as `width`: where it is a size, the division came out even."""
    if not isinstance(size, Dim):
        return size
    total: Size = 0
    for monomial, factor in size.terms.items():
        term: Size = factor
        rest = list(monomial)
        for atom in monomial:
            if atom.kind == "//" and isinstance(atom.right, Dim) and len(atom.right.terms) == 1:
                ((divisor, scale),) = atom.right.terms.items()
                if scale == 1 and all(rest.count(one) >= divisor.count(one) for one in divisor):
                    for one in (*divisor, atom):
                        rest.remove(one)
                    term = term * atom.left
        total = total + term * Dim({tuple(rest): 1}) if rest else total + term
    return total
