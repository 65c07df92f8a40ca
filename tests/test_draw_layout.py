"""Tracing, folding and the layered layout, where figures come from."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from drawn_texts import BLOCKS, CELL, LATENT, figure_of, program_of
from hypothesis import given
from hypothesis import strategies as st

from archdsl.draw.layered import layered, ranked, spread
from archdsl.draw.lines import rounded
from archdsl.draw.reduce import reduce
from archdsl.trace import trace


def steps_of(text: str):
    return trace(next(iter(program_of(text).models.values())))


def test_a_trace_lists_what_is_computed_in_order():
    """Each step reads only steps before it, and says what it is."""
    steps = steps_of(LATENT)
    assert [step.number for step in steps] == list(range(len(steps)))
    assert all(number < step.number for step in steps for number in step.inputs)
    assert [step.kind for step in steps][:2] == ["input", "layer"]
    assert [step.word for step in steps if step.kind == "output"] == ["reconstruction", "mean", "logvar"]


def test_steps_stand_where_their_weights_do():
    """The path of a step is its key in the state dict; members without weights are steps too."""
    steps = steps_of(LATENT)
    assert [".".join(step.path) for step in steps if step.path[:1] == ("encoder",)] == ["encoder.0", "encoder.1", "encoder.2", "encoder.3"]
    assert next(step for step in steps if step.name == "mean").path == ("mean",)


def test_blocks_are_entered_and_numbered():
    """Steps of a block know it; each run of it has a number of its own."""
    steps = steps_of(BLOCKS)
    calls = {within.call for step in steps for within in step.blocks if within.name == "Residual"}
    assert len(calls) == 6
    inside = next(step for step in steps if step.blocks)
    assert inside.path[: inside.blocks[0].depth] != ()


def test_a_state_is_read_and_set():
    """The old value of a state and its new one are two steps; no step joins them."""
    steps = steps_of(CELL)
    assert [(step.kind, step.word) for step in steps if step.role == "state"] == [("state", "hidden"), ("next", "hidden")]


@pytest.mark.parametrize("layers", [10_000])
def test_a_chain_of_ten_thousand_layers_draws(layers):
    """Nothing recurses, and the time is linear: equal layers become one, others a long figure."""
    equal = figure_of(f"model A {{ input x: [8]\n output y = x -> repeat({layers}, linear(8) -> relu) }}")
    assert f"×{layers}" in equal.svg
    names = " -> ".join(f"linear({8 + i % 7})" for i in range(layers // 10))
    started = time.perf_counter()
    assert figure_of(f"model A {{ input x: [8]\n output y = x -> {names} }}").svg.count("linear") >= layers // 10
    assert time.perf_counter() - started < 20


def test_folding_keeps_what_something_else_reads():
    """An activation joins its producer only where nothing else reads the producer."""
    text = "model A { input x: [8]\n h = x -> linear(8)\n output y = h + relu(h) }"
    assert [part.word for part in reduce(steps_of(text))] == ["x", "linear", "relu", "+", "y"]
    text = "model A { input x: [8]\n h = x -> linear(8) -> relu\n output y = h + h }"
    parts = reduce(steps_of(text))
    assert [(part.word, part.folded) for part in parts][1] == ("linear", ("relu",))


def test_ranks_are_tight():
    """What reads nothing stands right before its reader; a branch without need waits until it is read."""
    assert ranked(5, [(0, 1), (1, 2), (2, 3), (4, 3)], (), ()) == [0, 1, 2, 3, 2]
    assert ranked(3, [(0, 2), (1, 2)], (), (2,)) == [0, 0, 1]


graphs = st.integers(2, 12).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda e: e[0] < e[1]), max_size=20, unique=True),
    )
)


@given(graphs)
def test_a_layout_keeps_ranks_and_room(graph):
    """Edges go down, and boxes of one rank do not touch."""
    nodes, edges = graph
    laid = layered([40.0] * nodes, edges, gap=10.0)
    assert all(laid.rank[start] < laid.rank[end] for start, end in edges)
    assert all(len(via) == laid.rank[end] - laid.rank[start] - 1 for (start, end), via in zip(edges, laid.via, strict=True))
    for rank in range(laid.ranks):
        row = sorted(laid.across[n] for n in range(nodes) if laid.rank[n] == rank)
        assert all(b - a >= 50.0 - 1e-6 for a, b in pairwise(row))


def test_branches_stand_in_straight_columns():
    """Two branches of different length keep their columns, about the fork."""
    laid = layered([60.0] * 6, [(0, 1), (0, 2), (1, 3), (3, 4), (2, 5)], gap=20.0, last=[4, 5])
    assert abs(laid.across[1] - laid.across[3]) < 0.5
    assert abs(laid.across[3] - laid.across[4]) < 0.5
    assert abs(laid.across[2] - laid.across[5]) < 0.5
    assert abs((laid.across[1] + laid.across[2]) / 2 - laid.across[0]) < 0.5


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_spread_keeps_spaces(wanted):
    """Positions are apart as asked, and stay where they were wanted when there is room."""
    placed = spread(wanted, [10.0] * (len(wanted) - 1), [1.0] * len(wanted))
    assert all(b - a >= 10.0 - 1e-6 for a, b in pairwise(placed))
    apart = [100.0 * i for i in range(len(wanted))]
    assert spread(apart, [10.0] * (len(wanted) - 1), [1.0] * len(wanted)) == pytest.approx(apart)


def test_corners_are_rounded_as_far_as_they_can():
    """A corner is never rounded by more than half of a side between two corners."""
    commands = rounded([(0, 0), (100, 0), (100, 8), (200, 8)], 20)
    assert [letter for letter, _ in commands] == ["M", "L", "Q", "L", "Q", "L"]
    assert commands[2][1] == (100, 0, 100, 4)
