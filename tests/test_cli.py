"""The command line: what each command does with good specs and bad, what it says, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from archdsl.cli import main as command_line
from archdsl.reading import parse
from archdsl.text.complaint import Complaints
from archdsl.text.source import Source

SPECS = Path(__file__).parents[1] / "specs"
NAMES = sorted(path.stem for path in SPECS.glob("*.arch"))
SMALL = """\
param width = 4

# Two layers.
model Small {
  input x: [3]
  output y = x -> linear(width) -> relu
}
"""
WRONG = SMALL.replace("linear(width)", "linaer(width)")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.arch"
    path.write_text(SMALL)
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.arch"
    path.write_text(WRONG)
    return path


# ---------------------------------------------------------------- the frame


def test_without_a_command_the_help_is_shown_and_the_call_was_wrong(archdsl):
    """`archdsl` alone lists its commands, and exits with 2."""
    ended = archdsl()
    assert ended.code == 2
    assert "archdsl COMMAND --help" in ended.out


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_every_command_explains_itself(archdsl, name):
    """`--help` of each command shows its use and exits with 0."""
    ended = archdsl(name, "--help")
    assert ended.code == 0
    assert f"usage: archdsl {name}" in ended.out


def test_an_unknown_command_is_answered_with_the_nearest(archdsl):
    """A slip of the finger costs one look."""
    ended = archdsl("chekc")
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean `check`?" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "--colour"],
        ["check", "missing.arch"],
        ["check", "notes.txt"],
        ["check", "empty"],
        ["check", "small.arch", "-p", "width"],
        ["check", "small.arch", "-p", "widht=8"],
        ["check", "small.arch", "-p", "width=8+"],
        ["check", "small.arch", "--set", "epochs=5"],
        ["check", "small.arch", "--set", "train.epochs=5"],
        ["build", "small.arch", "wrong.arch", "-o", "one.py"],
        ["draw", "small.arch", "-o", "figure.gif"],
        ["convert", "small.arch", "-o", "small.json"],
        ["new", "mine", "--from", "vea"],
        ["layers", "conv2"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_exits_with_2_and_says_why(archdsl, small, wrong, tmp_path, monkeypatch, words):
    """Missing files, unknown endings, bad options and params that are not there are the caller's, not the spec's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text(SMALL)
    (tmp_path / "empty").mkdir()
    before = sorted(tmp_path.rglob("*"))
    ended = archdsl(*words)
    assert ended.code == 2
    assert ended.err
    assert "Traceback" not in ended.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_missing_file_is_answered_with_the_nearest(archdsl, small):
    """The name of a spec is suggested as that of a layer is."""
    assert "small.arch?" in archdsl("check", small.with_name("smal.arch")).err


def test_a_fault_of_the_compiler_is_owned_up_to_in_two_lines(archdsl, small, monkeypatch):
    """A bug shows no traceback: it says whose fault it is, and where to look."""
    from archdsl import spec

    monkeypatch.setattr(spec, "resolve", lambda *_, **__: 1 / 0)
    ended = archdsl("check", small)
    assert ended.code == 1
    assert "the fault is archdsl's: ZeroDivisionError" in ended.err
    assert "Traceback" not in ended.err


def test_a_reader_that_has_had_enough_ends_the_command_quietly():
    """`archdsl layers | head -1` prints a line and nothing else."""
    script = f"{sys.executable} -m archdsl layers | head -n 1"
    done = subprocess.run(script, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


# ---------------------------------------------------------------- check


def test_a_sound_spec_is_met_with_silence(archdsl, small):
    """`check` says nothing and exits with 0."""
    assert archdsl("check", small) == (0, "", "")


def test_the_library_is_sound(archdsl):
    """Each spec that comes with archdsl passes, blocks to import among them, warnings counted."""
    assert archdsl("check", "--strict", SPECS) == (0, "", "")


def test_a_mistake_is_told_with_its_place_on_standard_error(archdsl, wrong):
    """File, line and column, the line itself, and the name that was meant."""
    ended = archdsl("check", wrong)
    assert (ended.code, ended.out) == (1, "")
    assert f"{wrong}:6:" in ended.err
    assert "output y = x -> linaer(width) -> relu" in ended.err
    assert "linear" in ended.err


def test_json_gives_tools_one_object_a_line_on_standard_output(archdsl, wrong):
    """All that a complaint knows, with places from 1."""
    ended = archdsl("check", "--format", "json", wrong)
    assert (ended.code, ended.err) == (1, "")
    (found,) = [json.loads(line) for line in ended.out.splitlines()]
    assert set(found) == {
        "code", "severity", "message", "file", "line", "column", "end_line", "end_column", "labels", "suggestion",
    }  # fmt: skip
    column = WRONG.splitlines()[5].index("linaer") + 1
    assert (found["severity"], found["file"], found["line"], found["column"]) == ("error", str(wrong), 6, column)


def test_one_bad_spec_among_many_does_not_hide_the_others(archdsl, small, wrong):
    """All specs are checked, and the worst decides."""
    second = wrong.with_name("worse.arch")
    second.write_text(WRONG)
    ended = archdsl("check", wrong, small, second)
    assert ended.code == 1
    assert str(second) in ended.err
    assert str(wrong) in ended.err


def test_a_folder_means_every_spec_below_it(archdsl, small, tmp_path):
    """Deeper folders count, other files and hidden ones do not."""
    below = tmp_path / "deep" / "deeper"
    below.mkdir(parents=True)
    (below / "wrong.arch").write_text(WRONG)
    (tmp_path / ".hidden.arch").write_text("nonsense")
    (tmp_path / "notes.txt").write_text("nonsense")
    ended = archdsl("check", "--format", "json", tmp_path)
    assert [json.loads(line)["file"] for line in ended.out.splitlines()] == [str(below / "wrong.arch")]


def test_a_file_of_blocks_is_sound_and_no_spec_to_make_something_of(archdsl, tmp_path):
    """`check` passes what is there to be imported; `build`, `draw` and `summary` want a model."""
    path = tmp_path / "blocks.arch"
    path.write_text("block Twice(width) {\n  input x\n  output x -> linear(width) -> linear(width)\n}\n")
    assert archdsl("check", path) == (0, "", "")
    for command in ("build", "draw", "summary"):
        ended = archdsl(command, path)
        assert ended.code == 1
        assert "no model" in ended.err


def test_a_dash_is_standard_input_in_either_surface(archdsl):
    """What is piped in needs no ending."""
    assert archdsl("check", "-", stdin=SMALL) == (0, "", "")
    yaml = "model:\n  name: Small\n  inputs: {x: [3]}\n  graph: {y: x -> linear(4)}\n  outputs: [y]\n"
    assert archdsl("check", "-", stdin=yaml) == (0, "", "")
    assert "-:6:" in archdsl("check", "-", stdin=WRONG).err


def test_a_param_is_set_from_outside(archdsl, small):
    """`-p` reaches the shapes, and a bad value is told at its own place."""
    key = json.loads(archdsl("summary", "--format", "json", "-p", "width=8", small).out)["models"][0]["keys"][0]
    assert key["shape"] == [8, 3]
    ended = archdsl("check", "-p", "width='four'", small)
    assert ended.code == 1
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe model", "UTF-8"), (b"# " + b"x" * 1_000_000, "1 MB"), (b"model \x00", "control")],
    ids=["not UTF-8", "too large", "control characters"],
)
def test_a_file_that_is_no_text_is_refused_without_quoting_it(archdsl, tmp_path, content, said):
    """What archdsl cannot read as a spec, it says in a sentence."""
    path = tmp_path / "odd.arch"
    path.write_bytes(content)
    ended = archdsl("check", path)
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_pipe_is_refused_rather_than_waited_for(archdsl, tmp_path):
    """A spec is a regular file; a named pipe would hang the command."""
    os.mkfifo(tmp_path / "pipe.arch")
    ended: list[int] = []
    thread = threading.Thread(target=lambda: ended.append(archdsl("check", tmp_path / "pipe.arch").code), daemon=True)
    thread.start()
    thread.join(5)
    assert ended == [1]


def test_a_byte_order_mark_is_read_and_dropped(archdsl, tmp_path):
    """Editors that write one are forgiven."""
    path = tmp_path / "marked.arch"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert archdsl("check", path) == (0, "", "")
    assert archdsl("fmt", path).code == 0
    assert path.read_text() == SMALL


# ---------------------------------------------------------------- results and files


def test_build_writes_to_standard_output_or_to_a_file(archdsl, small, tmp_path):
    """The same source either way, and the same bytes every time."""
    printed = archdsl("build", small).out
    assert "class Small(nn.Module):" in printed
    assert archdsl("build", small, "-o", tmp_path / "small.py").code == 0
    assert (tmp_path / "small.py").read_text() == printed


def test_nothing_is_overwritten_without_force(archdsl, small, tmp_path):
    """A file that stands there already is kept, and the call was wrong."""
    goal = tmp_path / "small.py"
    goal.write_text("mine")
    ended = archdsl("build", small, "-o", goal)
    assert ended.code == 2
    assert "--force" in ended.err
    assert goal.read_text() == "mine"
    assert archdsl("build", small, "-o", goal, "--force").code == 0
    assert "class Small" in goal.read_text()
    assert archdsl("build", small, "-o", goal).code == 0, "the same content again overwrites nothing"


def test_the_results_of_several_specs_go_to_a_folder(archdsl, small, tmp_path):
    """`-o FOLDER/` names each result after its spec."""
    (tmp_path / "other.arch").write_text(SMALL)
    assert archdsl("build", small, tmp_path / "other.arch", "-o", f"{tmp_path}/out/").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["other.py", "small.py"]


def test_a_bad_spec_leaves_no_file(archdsl, wrong, tmp_path):
    """What cannot be built is not half written."""
    for command, name in (("build", "wrong.py"), ("draw", "wrong.svg")):
        assert archdsl(command, wrong, "-o", tmp_path / name).code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.arch"]


@pytest.mark.parametrize(("ending", "begins"), [(".svg", b"<svg"), (".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_draw_writes_the_kind_of_figure_that_the_ending_names(archdsl, small, tmp_path, ending, begins):
    """SVG, PNG and PDF from one spec."""
    assert archdsl("draw", small, "-o", tmp_path / f"figure{ending}").code == 0
    assert begins in (tmp_path / f"figure{ending}").read_bytes()[:200]


def test_an_unknown_style_is_answered_with_those_there_are(archdsl, small):
    """`--style` is part of the call."""
    ended = archdsl("draw", small, "--style", "cubism")
    assert ended.code == 2
    assert "Traceback" not in ended.err


def test_summary_lists_each_key_with_its_shape_count_and_line(archdsl, small):
    """As a table for people, as an object for tools."""
    table = archdsl("summary", small).out
    assert "y.weight" in table
    assert "[4, 3]" in table
    assert "16 parameters" in table
    model = json.loads(archdsl("summary", "--format", "json", small).out)["models"][0]
    assert [(key["key"], key["shape"], key["count"], key["line"]) for key in model["keys"]] == [
        ("y.weight", [4, 3], 12, 6),
        ("y.bias", [4], 4, 6),
    ]
    assert (model["parameters"], model["multiply_adds"]) == (16, 12)


# ---------------------------------------------------------------- fmt, convert, new


UNTIDY = "model   Small {\n input x:[3]\n\n\n\n   output y=x->linear(4)   # out\n}"
TIDY = "model Small {\n  input x: [3]\n\n  output y = x -> linear(4)  # out\n}\n"


def test_fmt_formats_in_place_once_and_for_all(archdsl, tmp_path):
    """A second run changes nothing, and permissions stay as they were."""
    path = tmp_path / "untidy.arch"
    path.write_text(UNTIDY)
    path.chmod(0o640)
    assert archdsl("fmt", path) == (0, "", "")
    assert path.read_text() == TIDY
    assert path.stat().st_mode & 0o777 == 0o640
    assert archdsl("fmt", "--check", path).code == 0


def test_fmt_check_and_diff_change_nothing(archdsl, tmp_path):
    """`--check` exits with 1 and names the file, `--diff` shows what would change."""
    path = tmp_path / "untidy.arch"
    path.write_text(UNTIDY)
    checked = archdsl("fmt", "--check", path)
    assert checked.code == 1
    assert str(path) in checked.err
    shown = archdsl("fmt", "--diff", path)
    assert shown.code == 0
    assert "+  input x: [3]\n" in shown.out
    assert path.read_text() == UNTIDY


def test_fmt_formats_standard_input_to_standard_output(archdsl):
    """An editor pipes its buffer through."""
    assert archdsl("fmt", "-", stdin=UNTIDY) == (0, TIDY, "")


def test_fmt_leaves_a_spec_alone_that_it_cannot_read(archdsl, tmp_path):
    """A mistake in the syntax is told, and the file is kept."""
    path = tmp_path / "broken.arch"
    path.write_text("model Small {\n  input x: [3\n}\n")
    assert archdsl("fmt", path).code == 1
    assert path.read_text() == "model Small {\n  input x: [3\n}\n"


@pytest.mark.parametrize("name", NAMES)
def test_convert_goes_to_yaml_and_back_without_loss(archdsl, tmp_path, name):
    """The way there and back ends at the tree that it began with, comments and all, and both build to the same bytes."""
    there, back = tmp_path / f"{name}.yaml", tmp_path / f"{name}.arch"
    assert archdsl("convert", SPECS / f"{name}.arch", "-o", there) == (0, "", "")
    assert archdsl("convert", there, "-o", back) == (0, "", "")
    trees = [parse(Source(path.name, path.read_text()), Complaints()) for path in (SPECS / f"{name}.arch", there, back)]
    assert trees[0] == trees[1] == trees[2]
    assert archdsl("build", there).out == archdsl("build", back).out


def test_the_library_is_formatted(archdsl):
    """What others learn the language from looks as `fmt` would have it."""
    assert archdsl("fmt", "--check", SPECS) == (0, "", "")


def test_new_begins_a_spec_in_either_surface(archdsl, tmp_path, monkeypatch):
    """What `new` writes is sound, and is not written over what is there."""
    monkeypatch.chdir(tmp_path)
    assert archdsl("new", "mine", "--from", "vae").code == 0
    assert archdsl("new", "mine.yaml", "--from", "vae").code == 0
    assert archdsl("check", "mine.arch", "mine.yaml") == (0, "", "")
    assert archdsl("new", "mine", "--from", "gan").code == 2


# ---------------------------------------------------------------- layers, schema


def test_layers_lists_what_there_is_and_shows_one_in_full(archdsl):
    """The registry documents itself."""
    assert "conv2d" in archdsl("layers").out
    page = archdsl("layers", "conv2d").out
    assert "nn.Conv2d" in page
    assert "kernel_size" in page
    described = json.loads(archdsl("layers", "conv2d", "--format", "json").out)
    assert described["infers"] == ["in_channels"]


def test_the_schema_is_json_and_the_one_that_is_published(archdsl):
    """`archdsl schema` prints grammar/spec.schema.json, which is fresh."""
    printed = archdsl("schema").out
    assert json.loads(printed)["$schema"].startswith("https://json-schema.org/")
    assert printed == (SPECS.parent / "grammar" / "spec.schema.json").read_text()
