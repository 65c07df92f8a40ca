"""The data that a recipe names: which fields each source has.

A rule gives its fields as what inference supplies. Where only the data itself knows its fields, the
option `fields` says that they are open, and a name that nothing else defines is taken for one of them.
The sources have a look-up of their own, so that a value may well be called `text`.
"""

from __future__ import annotations

from archdsl.layers.registry import Layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from archdsl.dims import Size

_sources: dict[str, Layer] = {}


def _source(**options: Any) -> Callable[[Callable[..., Applied]], Callable[..., Applied]]:
    def declare(rule: Callable[..., Applied]) -> Callable[..., Applied]:
        _sources[rule.__name__] = Layer(rule, "", {"group": "data", "role": "data", **options})
        return rule

    return declare


def lookup_data(name: str) -> Layer | None:
    """Return the declaration of a data source."""
    return _sources.get(name)


def data_names() -> list[str]:
    """Return the names of all data sources, in order."""
    return sorted(_sources)


LETTERS = 57
"""Letters of ASCII, the blank and `.,;'`."""


@_source()
def digits(size: Size = 28) -> Applied:
    """Handwritten digits from scikit-learn, 1797 of them, scaled to `size` by `size` pixels from 0 to 1."""
    return Applied(image=Tensor((1, size, size)), label=Tensor((), "int64"))


@_source(choices={"encoding": ("one_hot", "index")})
def surnames(encoding: str = "one_hot") -> Applied:
    """Surnames of 18 languages from Faker's lists, letter by letter: one-hot [T, 57], or their numbers [T].

    `weight` makes every language count the same, however many names it has; it is 1 on average.
    """
    from archdsl.dims import symbol

    one_hot = encoding == "one_hot"
    shape = (symbol("T"), LETTERS) if one_hot else (symbol("T"),)
    name = Tensor(shape, "float32" if one_hot else "int64", True, True, "name")
    return Applied(name=name, language=Tensor((), "int64"), weight=Tensor(()))


@_source()
def folder(path: str, size: Size = 64) -> Applied:
    """Images below a folder, `label` by subfolder."""
    return Applied(image=Tensor((3, size, size)), label=Tensor((), "int64"))


@_source(fields={"open": True})
def csv(path: str, target: str | None = None) -> Applied:
    """A table: `features`, and each column by its name."""
    return Applied()


@_source(fields={"open": True})
def parquet(path: str, target: str | None = None) -> Applied:
    """A table: `features`, and each column by its name."""
    return Applied()


@_source(fields={"open": True})
def npz(path: str) -> Applied:
    """The arrays of a NumPy file, by their names."""
    return Applied()


@_source()
def text(path: str, length: Size = 64, vocabulary: str | None = None) -> Applied:
    """Pieces of a text, bytes: `tokens`, and `targets`, which are one further on."""
    if vocabulary is not None:
        raise Mismatch("a vocabulary of its own is in the language, and not yet in this version", argument="vocabulary")
    return Applied(tokens=Tensor((length,), "int64"), targets=Tensor((length,), "int64"))


@_source(fields={"open": True})
def hf(name: str, split: str | None = None, revision: str | None = None) -> Applied:
    """A data set of the Hugging Face hub; its fields are its own."""
    return Applied()


@_source(fields={"open": True})
def torchvision(name: str) -> Applied:
    """A data set of torchvision; its fields are its own."""
    return Applied()
