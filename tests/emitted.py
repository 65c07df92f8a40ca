"""What the tests of emission share: a spec's program, its source, the classes in it, and inputs for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

from archdsl.analyze import analyze
from archdsl.dims import Dim, substitute
from archdsl.emit.program import write
from archdsl.layers.tensor import Tensor
from archdsl.syntax import read_arch
from archdsl.text.complaint import Complaints
from archdsl.text.source import Source

SPECS = Path(__file__).parents[1] / "specs"
CASES = Path(__file__).parent / "cases" / "emit"
BATCH, MOMENTS = 3, 6


def program_of(text, name="spec.arch"):
    """Analyze a spec for emission; it has to be sound."""
    complaints = Complaints()
    program = analyze(read_arch.read(Source(name, text), complaints), complaints, traced=True)
    assert program is not None, [one.message for one in complaints]
    return program


def source_of(text):
    """Return the source that a spec comes to."""
    return write(program_of(text)).text


def classes_of(source):
    """Execute a source, and return what it defines."""
    scope = {"__name__": "emitted"}
    exec(compile(source, "emitted", "exec"), scope)
    return scope


def module_of(text, name=None, **arguments):
    """Return a network of a spec, ready to compute."""
    program = program_of(text)
    made = classes_of(write(program).text)[name or next(iter(program.models))](**arguments)
    return made.eval()


def size_of(size, names):
    """Return a size with numbers for its names."""
    return int(substitute(size, dict.fromkeys(size.names, names))) if isinstance(size, Dim) else int(size)


def sample(kind):
    """Draw a value of a type."""
    shape = [BATCH] * kind.batched + [size_of(size, MOMENTS) for size in kind.shape]
    if kind.dtype.startswith("int"):
        return torch.randint(0, 2, shape)
    return torch.rand(shape) > 0.5 if kind.dtype == "bool" else torch.randn(shape)


def inputs_of(instance):
    """Draw inputs for a network, lengths behind the ragged ones."""
    found = []
    for _, kind in instance.inputs:
        found.append(sample(kind))
        if kind.ragged:
            found.append(torch.tensor([MOMENTS, 3, 1]))
    return found


def expected_shape(kind, instance):
    """Return what shape an output has for such inputs; that of a model with states is a sequence."""
    shape = [size_of(size, MOMENTS) for size in kind.shape]
    if instance.states:
        shape.insert(0, MOMENTS)
    return [BATCH] * kind.batched + shape


def formatted(source):
    """Return what `ruff format` makes of a source, at its default width."""
    ruff = Path(sys.executable).parent / "ruff"
    done = subprocess.run([ruff, "format", "--isolated", "-"], input=source, capture_output=True, text=True, check=True)
    return done.stdout


def linted(source):
    """Return what `ruff check` says of names in a source: undefined, unused, defined twice."""
    ruff = Path(sys.executable).parent / "ruff"
    return subprocess.run(
        [ruff, "check", "--isolated", "-q", "--select", "F,E7,E9,I", "-"], input=source, capture_output=True, text=True
    ).stdout


__all__ = ["Tensor", "classes_of", "expected_shape", "formatted", "inputs_of", "linted", "module_of", "program_of", "sample", "source_of"]
