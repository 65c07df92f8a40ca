"""A layered layout of a graph without cycles: ranks, an order in each, and straight positions.

Ranks are tight: a node stands right before the first of its readers, or, where that would make its edges
longer, right after the last of what it reads. In a rank the order follows barycentres, ties keep the order
given, and of all orders met the one with the fewest crossings stays. Positions across solve, rank by rank,
the least squares of being under one's neighbours without touching those beside. Everything is linear, or
nearly, in nodes and edges, long edges counted by the ranks that they cross.
"""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SWEEPS = 6


class Layout:
    """`rank` and `across` (the middle) of each node; `via` has, for each edge, the positions across at which
    it passes the ranks between its ends. `ranks` counts the ranks, `width` is how far the layout reaches.
    """

    __slots__ = ("across", "rank", "ranks", "via", "width")

    def __init__(self, rank: list[int], across: list[float], via: list[list[float]], ranks: int, width: float) -> None:
        self.rank, self.across, self.via, self.ranks, self.width = rank, across, via, ranks, width


def layered(
    sizes: Sequence[float],
    edges: Sequence[tuple[int, int]],
    *,
    gap: float,
    first: Collection[int] = (),
    last: Collection[int] = (),
    beside: Sequence[tuple[int, int]] = (),
    lane: float = 10.0,
    lane_weight: float = 1.0,
) -> Layout:
    """Lay out nodes of these sizes across.

    `edges` go from lower to higher ranks and hold no cycle. Nodes of `first` and `last` stand on the first and
    last rank, in this order. `beside` are edges that are drawn elsewhere: they order ranks, and take no room.
    `lane` is the room of an edge that passes a rank, and `lane_weight` how much it insists on being straight.
    """
    rank = ranked(len(sizes), [*edges, *beside], first, last)
    members = _Members(rank, sizes, edges, lane, lane_weight)
    members.order(first, last)
    across = members.position(gap)
    left = min((across[n] - members.sizes[n] / 2 for n in range(len(across))), default=0.0)
    right = max((across[n] + members.sizes[n] / 2 for n in range(len(across))), default=0.0)
    moved = [x - left for x in across]
    via = [[moved[n] for n in lane_nodes] for lane_nodes in members.lanes]
    return Layout(rank, moved[: len(sizes)], via, len(members.rows), right - left)


def ranked(nodes: int, edges: Sequence[tuple[int, int]], first: Collection[int], last: Collection[int]) -> list[int]:
    """Return the rank of each node: as early as what it reads allows, then as late as its readers allow where that makes no edge longer."""
    readers: list[list[int]] = [[] for _ in range(nodes)]
    waiting = [0] * nodes
    for start, end in edges:
        readers[start].append(end)
        waiting[end] += 1
    rank = [0] * nodes
    ready = [n for n in range(nodes) if not waiting[n]]
    entering = list(waiting)
    for node in ready:
        for reader in readers[node]:
            rank[reader] = max(rank[reader], rank[node] + 1)
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    for node in reversed(ready):
        if node not in first and 0 < len(readers[node]) >= entering[node]:
            rank[node] = min(rank[reader] for reader in readers[node]) - 1
    if last:
        bottom = max([*rank, *(1 + rank[n] for n in range(nodes) if n not in last)])
        for node in last:
            rank[node] = bottom
    return rank


class _Members:
    """The rows of a layout, with a node for each rank that a long edge passes."""

    def __init__(self, rank: list[int], sizes: Sequence[float], edges: Sequence[tuple[int, int]], lane: float, lane_weight: float) -> None:
        self.sizes, self.weights = list(sizes), [1.0] * len(sizes)
        ranks = list(rank)
        self.above: list[list[int]] = [[] for _ in sizes]
        self.below: list[list[int]] = [[] for _ in sizes]
        self.lanes: list[list[int]] = []
        for start, end in edges:
            passed: list[int] = []
            before = start
            for between in range(rank[start] + 1, rank[end]):
                node = len(self.sizes)
                self.sizes.append(lane)
                self.weights.append(lane_weight)
                ranks.append(between)
                self.above.append([])
                self.below.append([])
                self._join(before, node)
                passed.append(node)
                before = node
            self._join(before, end)
            self.lanes.append(passed)
        self.rows: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
        for node, at in enumerate(ranks):
            self.rows[at].append(node)

    def _join(self, start: int, end: int) -> None:
        self.below[start].append(end)
        self.above[end].append(start)

    def order(self, first: Collection[int], last: Collection[int]) -> None:
        """Order each row by the barycentres of the row before, then of the row after; `first` and `last` keep their order."""
        place = [0.0] * len(self.sizes)
        kept = {node: float(index) for nodes in (first, last) for index, node in enumerate(nodes)}
        for row in self.rows:
            row.sort(key=lambda node: kept.get(node, len(kept)))
        for row in self.rows:
            for index, node in enumerate(row):
                place[node] = index
        fewest, best = self.crossings(place), [list(row) for row in self.rows]
        for sweep in range(SWEEPS if fewest else 0):
            down = sweep % 2 == 1
            near = self.above if down else self.below
            rows = self.rows[1:] if down else self.rows[-2::-1]
            for row in rows:
                wanted = {n: sum(place[m] for m in near[n]) / len(near[n]) if near[n] and n not in kept else place[n] for n in row}
                row.sort(key=wanted.__getitem__)
                for index, node in enumerate(row):
                    place[node] = index
            crossings = self.crossings(place)
            if crossings < fewest:
                fewest, best = crossings, [list(row) for row in self.rows]
        self.rows = best

    def crossings(self, place: Sequence[float]) -> int:
        """Count the pairs of edges that cross between neighbouring rows."""
        from bisect import bisect, insort

        total = 0
        for row in self.rows:
            seen: list[float] = []
            for node in row:
                ends = sorted(place[other] for other in self.below[node])
                total += sum(len(seen) - bisect(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total

    def position(self, gap: float) -> list[float]:
        """Return where each node's middle stands."""
        across = [0.0] * len(self.sizes)
        for row in self.rows:
            x = 0.0
            for node in row:
                across[node] = x + self.sizes[node] / 2
                x += self.sizes[node] + gap
            for node in row:
                across[node] -= (x - gap) / 2
        for sweep in range(2 * SWEEPS):
            down, before = sweep % 2 == 0, list(across)
            near, far = (self.above, self.below) if down else (self.below, self.above)
            for row in self.rows if down else reversed(self.rows):
                wanted = []
                for node in row:
                    neighbours = near[node] or far[node]
                    wanted.append(sum(across[m] for m in neighbours) / len(neighbours) if neighbours else across[node])
                spaces = [(self.sizes[a] + self.sizes[b]) / 2 + gap for a, b in pairwise(row)]
                for node, x in zip(row, spread(wanted, spaces, [self.weights[node] for node in row]), strict=True):
                    across[node] = x
            if max(map(abs, map(float.__sub__, across, before)), default=0.0) < 0.01 and sweep:
                break
        return across


def spread(wanted: Sequence[float], spaces: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the positions nearest to the wanted ones, by weighted least squares, that keep these spaces.

    Neighbours that would be too close are pooled and move together (the pool-adjacent-violators algorithm).
    """
    offsets = [0.0]
    for space in spaces:
        offsets.append(offsets[-1] + space)
    pools: list[tuple[float, float, int]] = []
    for index, want in enumerate(wanted):
        mean, weight, size = want - offsets[index], weights[index], 1
        while pools and pools[-1][0] > mean:
            before, heavy, many = pools.pop()
            mean = (before * heavy + mean * weight) / (heavy + weight)
            weight, size = heavy + weight, many + size
        pools.append((mean, weight, size))
    flat = [mean for mean, _, size in pools for _ in range(size)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]
