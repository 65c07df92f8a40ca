"""Figures: the style that fits, what every figure keeps, and what a style says that cannot show a model."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from drawn_texts import BARS, BLOCKS, CELL, FLOW, LATENT, NEURONS, STYLES, VOLUMES, figure_of, program_of

from archdsl.draw import DrawError, draw
from archdsl.draw.fonts import CAP_HEIGHT, text_width
from archdsl.draw.picture import Ellipse, Rect, Text, box, flat
from archdsl.draw.picture import Path as Outline
from archdsl.draw.theme import DARK, LIGHT
from archdsl.spec import load

SPECS = Path(__file__).parents[1] / "specs"
SVG = "{http://www.w3.org/2000/svg}"
TOWERS = """
model Towers {
  input user: [32]
  input item: [64]
  u = user -> linear(16)
  v = item -> linear(16)
  output score = sum(u * v, dim=1)
}
"""
HOSTILE = "<script>alert(\"1\")</script> & 'x' ]]> \x01"


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.arch")))
def test_the_figures_of_the_library_stay_as_they_are(golden, name):
    """The figure of each spec is kept as a golden, to be looked at when it changes."""
    golden(f"cases/figures/{name}.svg", draw(load(SPECS / f"{name}.arch").program).svg)


@pytest.mark.parametrize("style", STYLES)
def test_the_style_follows_from_the_spec_alone(style):
    """Each kind of network is drawn in its own style, and the figure says why."""
    figure = figure_of(STYLES[style])
    assert figure.style == style
    assert figure.why


@pytest.mark.parametrize("style", STYLES)
def test_the_same_spec_gives_the_same_bytes(style):
    """A figure does not depend on the run: not on the hash seed, not on addresses."""
    here = Path(__file__).parent
    code = f"import sys; sys.path.insert(0, {str(here)!r}); from drawn_texts import *; sys.stdout.write(figure_of(STYLES[{style!r}]).svg)"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(here.parent)},
            capture_output=True,
            check=True,
        ).stdout.decode()
        for seed in ("1", "2")
    }
    assert runs == {figure_of(STYLES[style]).svg}


@pytest.mark.parametrize("style", STYLES)
def test_a_figure_is_readable_without_seeing_it(style):
    """The SVG has a role, a title, a description and its size."""
    root = ET.fromstring(figure_of(STYLES[style]).svg)
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert len(desc.text or "") > 60
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"


@pytest.mark.parametrize("style", STYLES)
def test_no_text_touches_another(style):
    """Texts keep apart, by their measured widths, and stay inside the picture."""
    picture = figure_of(STYLES[style]).picture
    boxes = [(item, box(item)) for item in flat(picture.items) if isinstance(item, Text)]
    for (one, a), (other, b) in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], f"{one.text} on {other.text}"
    for one, (left, top, right, bottom) in boxes:
        assert 0 <= left < right <= picture.width, one.text
        assert 0 <= top < bottom <= picture.height, one.text


@pytest.mark.parametrize("style", [style for style in STYLES if style != "blocks"])
def test_text_is_legible_at_eight_centimetres(style):
    """Text has at least 6 points when the figure is printed 8 cm wide."""
    picture = figure_of(STYLES[style]).picture
    points = 8 / 2.54 * 72 / picture.width
    assert min(item.size for item in flat(picture.items) if isinstance(item, Text)) * points >= 5.95


@pytest.mark.parametrize("style", [style for style in STYLES if style != "blocks"])
def test_lines_are_visible_at_eight_centimetres(style):
    """Lines have at least 0.4 points when the figure is printed 8 cm wide."""
    picture = figure_of(STYLES[style]).picture
    lines = [item.line for item in flat(picture.items) if isinstance(item, Rect | Ellipse | Outline) and LIGHT[item.paint][1] != "none"]
    assert min(lines) * 8 / 2.54 * 72 / picture.width >= 0.395


@pytest.mark.parametrize("style", STYLES)
def test_a_text_that_stands_in_a_box_fits_into_it(style):
    """No label reaches beyond the shape that it begins in."""
    items = flat(figure_of(STYLES[style]).picture.items)
    for text in (item for item in items if isinstance(item, Text)):
        left, top, right, bottom = box(text)
        around = [
            r for r in items if isinstance(r, Rect) and r.x <= (left + right) / 2 <= r.x + r.width and r.y < top and bottom < r.y + r.height
        ]
        assert all(r.x <= left and right <= r.x + r.width for r in around), text.text


@pytest.mark.parametrize("style", STYLES)
def test_labels_of_the_spec_are_escaped(style):
    """What a spec says is text in the figure, never markup."""
    program = program_of(STYLES[style])
    keys = ["input", "output", "latent", "image", "x", "name", "Generator", "noise", "hidden", "encoder", "depth", "code", "low"]
    program.figure = {"title": HOSTILE, "labels": dict.fromkeys(keys, HOSTILE)}
    svg = draw(program).svg
    root = ET.fromstring(svg)
    assert "<script" not in svg
    assert HOSTILE.replace("\x01", "") in [element.text for element in root.iter()]


@pytest.mark.parametrize("style", STYLES)
def test_nothing_refers_outside(style):
    """A figure fetches nothing, links nowhere and runs nothing."""
    svg = figure_of(STYLES[style]).svg.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|url\(|href|<script|@import", svg)


def test_an_image_of_the_spec_is_taken_only_as_data():
    """The picture at the ends is the spec's where it is a data URI, and never fetched."""
    program = program_of(LATENT)
    program.figure = {"image": "data:image/png;base64,iVBORw0KGgo="}
    assert draw(program).svg.count('href="data:image/png;base64,iVBORw0KGgo="') == 2
    program.figure = {"image": "https://example.org/cat.png"}
    assert "example.org" not in draw(program).svg


@pytest.mark.parametrize("style", STYLES)
def test_dark_mode_covers_every_colour(style):
    """The rule for dark pages names each class that the figure uses, and is scoped to it."""
    svg = figure_of(STYLES[style]).svg
    root = ET.fromstring(svg)
    used = {element.get("class") for element in root.iter() if element.get("class")}
    rule = re.search(r"@media \(prefers-color-scheme: dark\)\{(.*)\}</style>", svg)
    assert rule is not None
    assert {selector.split(".")[1] for selector in re.findall(r"[^{}]+(?=\{)", rule[1])} == used
    assert all(selector.startswith(f"#{root.get('id')} ") for selector in re.findall(r"[^{}]+(?=\{)", rule[1]))


def test_a_theme_is_fixed_where_it_is_asked_for():
    """Light and dark figures carry their own colours, and no rule."""
    light, dark = (figure_of(BARS, theme=theme).svg for theme in ("light", "dark"))
    assert "@media" not in light + dark
    assert LIGHT["page"][0] in light
    assert DARK["page"][0] in dark
    with pytest.raises(DrawError, match="sepia is no theme"):
        figure_of(BARS, theme="sepia")


def _luminance(colour: str) -> float:
    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_ink_stands_out_from_its_fill(theme):
    """Text has a contrast of 4.5 on the paint that it is written on; what has no fill is written on the page."""
    assert LIGHT.keys() == DARK.keys()
    for paint, (fill, _, ink) in theme.items():
        behind = theme["page"][0] if fill == "none" or paint in ("line", "arrow", "dot") else fill
        light, dark = sorted((_luminance(behind), _luminance(ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, paint


def test_bars_are_as_high_as_the_seed_measured():
    """784, 128 and 32 stand at 1, .59 and .28 of the height, and what is equal is equal."""
    figure = figure_of("model A { input x: [784]\n output y = x -> linear(128) -> relu -> linear(32) -> linear(128) -> linear(784) }")
    bars = [item for item in flat(figure.picture.items) if isinstance(item, Rect)]
    assert [round(bar.height / bars[0].height, 2) for bar in bars] == [1.0, 0.59, 0.28, 0.59, 1.0]
    assert [bar.paint for bar in bars] == ["shade0", "shade2", "shade4", "shade2", "shade0"]
    gaps = {round(b.x - a.x - a.width, 3) for a, b in pairwise(bars)}
    assert len(gaps) == 1


def test_bars_name_both_ends_and_the_waist():
    """There are three labels, as on the cheat sheet."""
    texts = " ".join(item.text for item in flat(figure_of(BARS).picture.items) if isinstance(item, Text))
    assert sorted(texts.split()) == sorted(["Input", "Latent", "Space", "Representation", "Reconstructed", "input"])


def test_equal_widths_alone_still_make_bars():
    """Where all widths are the same, nothing is divided by nothing."""
    figure = figure_of("model A { input x: [8]\n output y = x -> linear(8) -> linear(8) }", "bars")
    assert len([item for item in flat(figure.picture.items) if isinstance(item, Rect)]) == 1


def test_neurons_are_hidden_only_where_there_are_more_than_six():
    """500 neurons are two, three dots and one; five are five."""
    items = flat(figure_of(NEURONS).picture.items)
    circles = [item for item in items if isinstance(item, Ellipse) and item.paint.startswith("unit")]
    dots = [item for item in items if isinstance(item, Ellipse) and item.paint == "dot"]
    squares = [item for item in items if isinstance(item, Rect) and item.paint == "unit-source"]
    assert (len(squares), len(circles), len(dots)) == (3, 3 + 3 + 5, 9)
    assert {"784", "500", "200", "5"} <= {item.text for item in items if isinstance(item, Text)}


def test_a_value_without_dimensions_is_no_column_of_neurons():
    """Where a linear layer gives one number a sample, there are no neurons to count, and another style is chosen."""
    text = "model Critic { input x: [8]\n score = x -> linear(4) -> tanh -> linear(1) -> squeeze(-1)\n output score }"
    assert figure_of(text).style == "blocks"


def test_volumes_show_axes_and_neurons_once():
    """One hidden volume carries the three coloured axes and its neurons; the thinnest one is still there."""
    items = flat(figure_of(VOLUMES).picture.items)
    assert {"depth", "height", "width"} <= {item.text for item in items if isinstance(item, Text)}
    assert sum(isinstance(item, Outline) and item.paint.startswith("axis") for item in items) == 3
    assert any(isinstance(item, Ellipse) and item.paint == "neuron" and item.shear for item in items)
    fronts = [box(item) for item in items if isinstance(item, Outline) and item.paint in ("source", "volume", "sink")]
    assert len(fronts) == 8
    assert min(right - left for left, _, right, _ in fronts) > 8


def test_a_skip_over_volumes_is_an_arc():
    """In a network that is mostly a chain, what passes volumes by leads over them."""
    text = """
    model Skipping {
      input image: [3, 16, 16]
      a = image -> conv2d(8, 3, padding=1)
      b = a -> conv2d(8, 3, padding=1) -> relu -> conv2d(8, 3, padding=1)
      output logits = (a + b) -> max_pool2d(2) -> flatten -> linear(10)
    }
    """
    picture = figure_of(text, "volumes").picture
    skips = next(group for group in picture.items if getattr(group, "role", "") == "skips")
    assert sum(isinstance(item, Outline) for item in skips.items) == 1
    assert "from box 2 to box 5" in picture.desc


def test_a_deep_network_has_one_volume_for_each_stage():
    """Of more volumes than fit into a row, each resolution keeps its last."""
    stages = " -> max_pool2d(2) -> ".join("repeat(9, conv2d(8, 3, padding=1))" for _ in range(3))
    figure = figure_of(f"model A {{ input x: [3, 32, 32]\n output y = x -> {stages} }}", "volumes")
    assert "3×32×32, 8×32×32, 8×16×16, 8×8×8, 8×8×8" in figure.picture.desc
    assert figure.picture.width < 1200


def test_a_carried_state_is_a_state():
    """The state of a layer that goes on from batch to batch has its loop."""
    text = "model LM {\n input tokens: int64[T]\n rnn = lstm(32)\n output logits = tokens -> embedding(50, 16) -> rnn -> linear(50)\n carry memory = rnn\n}"
    figure = figure_of(text)
    assert figure.style == "cell"
    assert [item.text for item in flat(figure.picture.items) if isinstance(item, Text)].count("memory") == 2


def test_the_loop_of_a_state_passes_outside_every_box():
    """The edge from the new state to the old one reaches beyond all boxes on three sides."""
    picture = figure_of(CELL).picture
    loop = next(group for group in picture.items if getattr(group, "role", "") == "recurrence")
    _, top, right, bottom = box(loop)
    boxes = [box(item) for item in flat(picture.items) if isinstance(item, Rect)]
    assert top < min(b[1] for b in boxes)
    assert right > max(b[2] for b in boxes)
    assert bottom > max(b[3] for b in boxes)
    assert [item.text for item in flat(picture.items) if isinstance(item, Text)].count("hidden") == 2


def test_an_lstm_has_a_loop_for_each_state():
    """Two states have two lanes, one inside the other."""
    text = """
    cell Core {
      input x
      state h: [8] = 0
      state c: [8] = 0
      gates = linear(8)
      new = concat(x, h, dim=1) -> gates -> tanh
      next c = c + new
      next h = new * tanh(c)
      output h
    }
    model LSTM {
      input xs: [T, 4]
      output ys = xs -> scan(Core)
    }
    """
    figure = figure_of(text)
    assert figure.style == "cell"
    loops = next(group for group in figure.picture.items if getattr(group, "role", "") == "recurrence")
    rights = sorted(box(item)[2] for item in loops.items if isinstance(item, Outline))
    assert len(rights) == 2
    assert rights[1] - rights[0] > 10


def test_flow_shows_each_role_by_its_shape():
    """A GAN has noise, data, two samples, two networks, a verdict and a loss, and samples share a bus."""
    picture = figure_of(FLOW).picture
    roles = [group.role for group in picture.items]
    assert {role: roles.count(role) for role in roles} == {
        "connection": 1, "noise": 1, "data": 1, "sample": 2, "network": 1, "judge": 1, "verdict": 1, "loss": 1,
    }  # fmt: skip
    texts = " ".join(item.text for item in flat(picture.items) if isinstance(item, Text))
    for label in ("Noise", "Generator", "Discriminator", "Real World", "Images", "Sample", "Real", "Fake", "Loss"):
        assert label in texts
    heads = [item for group in picture.items if group.role == "connection" for item in group.items if type(item).__name__ == "Head"]
    assert len(heads) == 6


def test_data_stands_under_its_twin():
    """The data of a GAN have the rank of the generator."""
    picture = figure_of(FLOW).picture
    middles = {group.role: (box(group)[0] + box(group)[2]) / 2 for group in picture.items if group.role in ("network", "data")}
    assert abs(middles["network"] - middles["data"]) < 3


def test_latent_is_symmetric_about_its_axis():
    """The two vectors are equally high, and equally far above and below."""
    picture = figure_of(LATENT).picture
    bars = {
        item.paint: item for item in flat(picture.items) if isinstance(item, Rect) and item.paint in ("mean", "spread", "latent", "square")
    }
    axis = bars["square"].y + bars["square"].height / 2
    assert bars["mean"].height == bars["spread"].height == bars["latent"].height
    assert abs((bars["mean"].y + bars["spread"].y + bars["spread"].height) / 2 - axis) < 0.01
    texts = " ".join(item.text for item in flat(picture.items) if isinstance(item, Text))
    for label in ("mean vector", "standard", "deviation vector", "sampled", "latent vector", "Encoder", "(conv)", "Decoder", "(deconv)"):
        assert label in texts


def test_equal_neighbours_are_one_box_with_their_number():
    """Six equal blocks in a row are one, and say so; a skip takes a lane beside them."""
    figure = figure_of(BLOCKS)
    assert any("×6" in item.text for item in flat(figure.picture.items) if isinstance(item, Text))
    assert sum(item.text == "linear 32" for item in flat(figure.picture.items) if isinstance(item, Text)) < 8
    assert "×6" in figure.picture.desc


def test_the_same_weights_used_again_are_no_neighbours_of_their_own():
    """A block that runs three times says `3 times`, for `×3` would be three sets of weights."""
    text = """
    block Step { input x  f = linear(8)  g = linear(8)  output x -> f -> relu -> g }
    model A {
      input x: [8]
      step = Step
      output y = x -> step -> step -> step
    }
    """
    texts = [item.text for item in flat(figure_of(text, "blocks").picture.items) if isinstance(item, Text)]
    assert any("3 times" in one for one in texts)
    assert not any("×" in one for one in texts)


@pytest.mark.parametrize(
    ("text", "style", "says"),
    [
        (CELL, "bars", "the edge between combined and score leaves it"),
        (TOWERS, "volumes", "the edge from item to v brings another"),
        (LATENT, "neurons", "the edge from image to encoder"),
        (NEURONS, "latent", "no edge into"),
        (NEURONS, "cell", "has no such edge"),
        (NEURONS, "spiral", "spiral is no style"),
    ],
)
def test_a_style_that_cannot_show_an_edge_says_which(text, style, says):
    """The complaint names the edge, and points at a place in the spec where there is one."""
    with pytest.raises(DrawError, match=re.escape(says)) as raised:
        figure_of(text, style)
    assert style == "spiral" or raised.value.span is not None


def test_the_spec_may_choose_its_style_and_its_labels():
    """`figure` names the style, the title and what things are called."""
    figure = figure_of(NEURONS + 'figure { style: bars, title: "A title", labels: { "input": "Pixels" } }')
    assert (figure.style, figure.picture.title) == ("bars", "A title")
    assert "Pixels" in [item.text for item in flat(figure.picture.items) if isinstance(item, Text)]


def test_dot_needs_no_binary():
    """The graph of every operation is written without Graphviz."""
    dot = figure_of(CELL).dot
    assert dot.startswith("digraph")
    assert dot.count("->") == 7
    assert "log_softmax" in dot


def test_the_graph_style_without_graphviz_is_a_clear_complaint(monkeypatch):
    """Where the program dot is missing, the complaint says so and what else there is."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DrawError, match="dot is not installed"):
        _ = figure_of(NEURONS, "graph").svg


@pytest.mark.parametrize("style", STYLES)
def test_png_and_pdf_are_made_from_the_figure(style):
    """The raster is twice the figure's size; a PDF is a PDF."""
    pytest.importorskip("resvg_py")
    figure = figure_of(STYLES[style])
    png = figure.png()
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20])
    assert abs(width - 2 * figure.picture.width) <= 2
    assert int.from_bytes(figure.png(width=300)[16:20]) == 300
    assert figure.pdf().startswith(b"%PDF")


def test_a_missing_renderer_is_named(monkeypatch):
    """Without the extra, the complaint says what to install."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(DrawError, match="needs resvg-py"):
        figure_of(NEURONS).png()


def test_drawing_imports_neither_torch_nor_numpy():
    """A figure costs what it needs."""
    here = Path(__file__).parent
    code = (
        f"import sys; sys.path.insert(0, {str(here)!r})\nfrom drawn_texts import *\n"
        "for text in STYLES.values(): figure_of(text).svg\n"
        "print([m for m in ('torch', 'numpy', 'dataclasses', 'inspect', 'graphviz') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(here.parent)}, capture_output=True, check=True)
    assert ran.stdout.strip() == b"[]"


def test_the_width_of_text_is_that_of_the_font():
    """Widths are Helvetica's, to the thousandth."""
    assert text_width("Input", 1000) == 278 + 556 + 556 + 556 + 278
    assert text_width("Input", 1000, bold=True) == 278 + 611 + 611 + 611 + 333
    assert 0.7 < CAP_HEIGHT < 0.75


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_every_style_draws_every_model_or_says_why_not(style, text):
    """Where a style is forced on a model, there is a well-formed figure or a complaint, and never a traceback."""
    said = None
    try:
        said = figure_of(text, style).svg
    except DrawError as error:
        message = error.message
    assert ET.fromstring(said).get("role") == "img" if said else len(message) > 20
