"""The nearest name to one that was mistyped."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def distance(left: str, right: str, limit: int) -> int:
    """Return how many letters must be added, dropped, changed or swapped; above the limit, limit + 1."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that a person most likely meant, or None where none is near."""
    limit = max(1, min(3, len(name) // 3))
    plain = name.lower().replace("_", "")
    best: tuple[int, str] | None = None
    for candidate in candidates:
        if candidate == name:
            continue
        same_letters = candidate.lower().replace("_", "") == plain
        found = 0 if same_letters else distance(name.lower(), candidate.lower(), limit)
        if found <= limit and (best is None or (found, candidate) < best):
            best = (found, candidate)
    return best[1] if best else None
