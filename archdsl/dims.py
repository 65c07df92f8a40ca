"""Sizes: whole numbers, and polynomials over names where a size is not known yet.

A size is an `int` when it is known and a `Dim` when it depends on a name (`T // 2 + 1`), so the
shape rules are written once, in plain arithmetic, for both. While source is being emitted, known
sizes also remember how they came about: a `Traced` is an `int` that carries its `origin`, the same
arithmetic over the names of a class (`width // 2`), and a `Product` one that carries its factors.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self, TypeAlias

    Size: TypeAlias = "int | Dim"
    # A monomial is a sorted tuple of atoms, with repetition for powers; an atom is a name or a quotient.
    Monomial: TypeAlias = tuple["Atom", ...]

MOST_TERMS = 64
"""A polynomial of more terms than this is refused: no network needs one."""


class TooManyTerms(ValueError):
    """A symbolic size grew beyond `MOST_TERMS`."""


class Atom:
    """An indivisible part of a size: a name, or the whole part or the rest of a division."""

    __slots__ = ("key", "kind", "left", "name", "right")

    def __init__(self, kind: str, name: str = "", left: Size = 0, right: Size = 1) -> None:
        self.kind, self.name, self.left, self.right = kind, name, left, right
        self.key = name if kind == "name" else f"({left}) {kind} ({right})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Atom) and self.kind == other.kind and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        if self.kind == "name":
            return self.name
        return f"{_bracketed(self.left)} {self.kind} {_bracketed(self.right)}"


def _bracketed(size: Size) -> str:
    text = str(size)
    return text if text.replace("_", "").isalnum() else f"({text})"


class Dim:
    """A polynomial with whole coefficients over names and quotients; equal when it is the same one."""

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = {monomial: factor for monomial, factor in terms.items() if factor}
        if len(self.terms) > MOST_TERMS:
            raise TooManyTerms

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int):
            return self.terms == ({(): int(other)} if other else {})
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __add__(self, other: Size) -> Size:
        terms = dict(self.terms)
        for monomial, factor in _terms(other).items():
            terms[monomial] = terms.get(monomial, 0) + factor
        return _known(Dim(terms))

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size) -> Size:
        return self + other * -1

    def __rsub__(self, other: int) -> Size:
        return self * -1 + other

    def __mul__(self, other: Size) -> Size:
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in _terms(other).items():
                both = tuple(sorted(left + right, key=lambda atom: atom.key))
                terms[both] = terms.get(both, 0) + a * b
        return _known(Dim(terms))

    __radd__ = __add__
    __rmul__ = __mul__

    def __floordiv__(self, other: Size) -> Size:
        return divide(self, other)

    def __rfloordiv__(self, other: int) -> Size:
        return Dim({(Atom("//", left=other, right=self),): 1})

    def __mod__(self, other: Size) -> Size:
        rest = {m: f for m, f in self.terms.items() if isinstance(other, Dim) or f % other}
        if not rest:
            return 0
        return Dim({(Atom("%", left=_known(Dim(rest)), right=other),): 1})

    def __rmod__(self, other: int) -> Size:
        return Dim({(Atom("%", left=other, right=self),): 1})

    @property
    def names(self) -> set[str]:
        """The names that the size depends on."""
        found: set[str] = set()
        for monomial in self.terms:
            for atom in monomial:
                if atom.kind == "name":
                    found.add(atom.name)
                else:
                    found |= names_in(atom.left) | names_in(atom.right)
        return found

    def __str__(self) -> str:
        parts: list[str] = []
        for monomial, factor in sorted(self.terms.items(), key=_reading_order):
            alone = len(monomial) == 1 and abs(factor) == 1 and len(self.terms) == 1
            factors = [str(atom) if atom.kind == "name" or alone else _wrapped(atom, factor, monomial) for atom in monomial]
            if abs(factor) != 1 or not monomial:
                factors.insert(0, str(abs(factor)))
            sign = ("-" if factor < 0 else "") if not parts else (" - " if factor < 0 else " + ")
            parts.append(sign + " * ".join(factors))
        return "".join(parts) or "0"

    __repr__ = __str__


def _wrapped(atom: Atom, factor: int, monomial: Monomial) -> str:
    """A quotient stands bare in a sum (`T // 2 + 1`), bracketed in a product."""
    return str(atom) if len(monomial) == 1 and abs(factor) == 1 else f"({atom})"


def _reading_order(item: tuple[Monomial, int]) -> tuple[int, bool, list[str]]:
    """Higher powers first, the constant last, what is taken away behind what it is taken from."""
    return -len(item[0]), item[1] < 0, [atom.key for atom in item[0]]


def _terms(size: Size) -> Mapping[Monomial, int]:
    return size.terms if isinstance(size, Dim) else {(): int(size)}


def _known(dim: Dim) -> Size:
    """Return an int where the polynomial is constant."""
    if not dim.terms:
        return 0
    if len(dim.terms) == 1 and () in dim.terms:
        return dim.terms[()]
    return dim


def symbol(name: str) -> Dim:
    """Return the size that is known by this name alone."""
    return Dim({(Atom("name", name),): 1})


def divide(left: Size, right: Size) -> Size:
    """Return the whole part of a division; what divides evenly is taken out of the quotient."""
    if isinstance(right, Dim):
        return _divide_by_name(left, right)
    if not isinstance(left, Dim):
        return left // right
    if right == 1:
        return left
    even = Dim({m: f // right for m, f in left.terms.items()})
    rest = Dim({m: f % right for m, f in left.terms.items()})
    known = _known(rest)
    if isinstance(known, int):
        return _known(even) + known // right
    inner = _merge_quotients(known, right)
    return _known(even) + Dim({(Atom("//", left=inner[0], right=inner[1]),): 1})


def _divide_by_name(left: Size, right: Dim) -> Size:
    """Take out of the quotient what a symbolic divisor divides evenly: `(a + k * b) // b` is `a // b + k`."""
    even: Size = 0
    rest: dict[Monomial, int] = {}
    for monomial, factor in _terms(left).items():
        part = divide_exactly(Dim({monomial: factor}), right)
        if part is None:
            rest[monomial] = factor
        else:
            even = even + part
    if not rest:
        return even
    return even + Dim({(Atom("//", left=_known(Dim(rest)), right=right),): 1})


def _merge_quotients(left: Dim, right: int) -> tuple[Size, int]:
    """Read `(T // 2 + c) // 2` as `(T + 2 * c) // 4`, so that stacked strides stay readable."""
    quotients = [(m, f) for m, f in left.terms.items() if len(m) == 1 and m[0].kind == "//" and f == 1]
    constant = left.terms.get((), 0)
    if len(quotients) == 1 and len(left.terms) == 1 + (constant != 0):
        atom = quotients[0][0][0]
        if isinstance(atom.right, int):
            return atom.left + constant * atom.right, atom.right * right
    return left, right


def divide_exactly(left: Size, right: Size) -> Size | None:
    """Return the quotient where `right` divides `left` term by term, else None."""
    if isinstance(right, Dim):
        if len(right.terms) != 1:
            return 1 if left == right else None
        ((divisor, scale),) = right.terms.items()
    else:
        divisor, scale = (), right
    if scale == 0:
        return None
    terms: dict[Monomial, int] = {}
    for monomial, factor in _terms(left).items():
        rest = list(monomial)
        for atom in divisor:
            if atom not in rest:
                return None
            rest.remove(atom)
        if factor % scale:
            return None
        terms[tuple(rest)] = factor // scale
    return _known(Dim(terms))


def names_in(size: Size) -> set[str]:
    """Return the names that a size depends on; none for a number."""
    return size.names if isinstance(size, Dim) else set()


def substitute(size: Size, values: Mapping[str, Size]) -> Size:
    """Return the size with names replaced by sizes."""
    if not isinstance(size, Dim):
        return size
    total: Size = 0
    for monomial, factor in size.terms.items():
        term: Size = factor
        for atom in monomial:
            term = term * _substitute_atom(atom, values)
        total = total + term
    return total


def _substitute_atom(atom: Atom, values: Mapping[str, Size]) -> Size:
    if atom.kind == "name":
        return values.get(atom.name, symbol(atom.name))
    left, right = substitute(atom.left, values), substitute(atom.right, values)
    return left // right if atom.kind == "//" else left % right


def counterexample(left: Size, right: Size) -> dict[str, int] | None:
    """Return values of the names for which two sizes differ, or None where none is found.

    Sizes that differ somewhere differ for small values already: they are polynomials over names and
    quotients by small numbers.
    """
    if left == right:
        return None
    found = sorted(names_in(left) | names_in(right))
    for seed in range(1, 40):
        values = {name: 2 + (seed * (3 + 2 * place)) % 37 for place, name in enumerate(found)}
        if substitute(left, values) != substitute(right, values):
            return values
    return None


def agree(left: Size, right: Size) -> bool:
    """Whether two sizes are equal whatever their names stand for."""
    return left == right or counterexample(left, right) is None


def solve(pattern: Size, size: Size, name: str) -> Size | None:
    """Return what a name has to be for a pattern that is linear in it to come to a size; None where nothing does."""
    if not isinstance(pattern, Dim):
        return None
    rest = substitute(pattern, {name: 0})
    step = substitute(pattern, {name: 1}) - rest
    if name in names_in(step) or substitute(pattern, {name: 3}) != step * 3 + rest:
        return None
    return divide_exactly(size - rest, step) if step != 0 else None


def product(sizes: Iterable[Size]) -> Size:
    """Return the product of sizes; of several numbers it remembers them, for the source to show."""
    factors = [size for size in sizes if isinstance(size, Dim) or size != 1]
    total: Size = 1
    for factor in factors:
        total = total * factor
    if isinstance(total, int) and len(factors) > 1:
        return Product(total, tuple(factors))
    return total


class Traced(int):
    """A known size that remembers the arithmetic it came from, over the names of one class."""

    origin: Dim | int

    def __new__(cls, value: int, origin: Dim | int) -> Self:
        traced = super().__new__(cls, value)
        traced.origin = origin
        return traced

    def __add__(self, other: Size) -> Size:  # type: ignore[override]
        return _traced(int.__add__, self, other, lambda a, b: a + b)

    def __radd__(self, other: Size) -> Size:  # type: ignore[override, misc]
        return self + other

    def __sub__(self, other: Size) -> Size:  # type: ignore[override]
        return _traced(int.__sub__, self, other, lambda a, b: a - b)

    def __rsub__(self, other: int) -> Size:  # type: ignore[override, misc]
        return _traced(int.__sub__, other, self, lambda a, b: a - b)

    def __mul__(self, other: Size) -> Size:  # type: ignore[override]
        return _traced(int.__mul__, self, other, lambda a, b: a * b)

    def __rmul__(self, other: Size) -> Size:  # type: ignore[override, misc]
        return self * other

    def __floordiv__(self, other: Size) -> Size:  # type: ignore[override]
        return _traced(int.__floordiv__, self, other, lambda a, b: a // b)

    def __rfloordiv__(self, other: int) -> Size:  # type: ignore[override, misc]
        return _traced(int.__floordiv__, other, self, lambda a, b: a // b)

    def __mod__(self, other: Size) -> Size:  # type: ignore[override]
        return _traced(int.__mod__, self, other, lambda a, b: a % b)

    def __neg__(self) -> Size:  # type: ignore[override]
        return self * -1


def _traced(compute: Callable[[int, int], int], left: Size, right: Size, rule: Callable[[Size, Size], Size]) -> Size:
    """Compute with numbers, and once more with their origins."""
    if isinstance(left, int) and isinstance(right, int):
        origin = rule(origin_of(left), origin_of(right))
        value = compute(left, right)
        return Traced(value, origin) if isinstance(origin, Dim) else value
    plain_left = int(left) if isinstance(left, int) else left
    plain_right = int(right) if isinstance(right, int) else right
    return rule(plain_left, plain_right)


class Product(Traced):
    """A known size that is the product of several, which emitted source writes out: `64 * 7 * 7`."""

    factors: tuple[Size, ...]

    def __new__(cls, value: int, factors: tuple[Size, ...]) -> Self:
        origin: Size = 1
        for factor in factors:
            origin = origin * origin_of(factor)
        made = super().__new__(cls, int(value), origin)
        made.factors = factors
        return made


def clearer(left: Size, right: Size) -> Size:
    """Return, of two equal sizes, the one whose origin is no size that a loop carries along (`x.0@1`)."""
    if isinstance(left, Traced) and any("@" in name for name in names_in(left.origin)):
        return right
    return left


def origin_of(size: Size) -> Size:
    """Return how a size came about, over the names of its class; itself where nothing is known."""
    return size.origin if isinstance(size, Traced) else size
