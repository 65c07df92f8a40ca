"""Reads the YAML surface: the same tree as `.arch` gives."""

from __future__ import annotations

from gc import disable, enable, isenabled

from archdsl.syntax import complaints_yaml as say
from archdsl.syntax import tree
from archdsl.syntax.lexer import refuse_characters
from archdsl.syntax.placement import placed
from archdsl.syntax.yaml_bodies import BODY_KEYS, Bodies
from archdsl.syntax.yaml_expressions import Vocabulary, found_in
from archdsl.syntax.yaml_nodes import Composer, Faulty, Mapping, Scalar, Sequence
from archdsl.syntax.yaml_verdict import judge
from archdsl.text.complaint import Complaint, Complaints
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from archdsl.syntax.yaml_nodes import Node
    from archdsl.text.source import Source

__all__ = ["Vocabulary", "read"]

MOST_COMPLAINTS = 100
"""After so many mistakes reading ends; a person has enough to do with those."""

FILE_KEYS = (
    "archdsl",
    "about",
    "imports",
    "params",
    "shorthands",
    "blocks",
    "cells",
    "model",
    "models",
    "train",
    "figure",
    "reading",
    "statements",
)


def read(source: Source, complaints: Complaints, vocabulary: Vocabulary) -> tree.File:
    """Read a whole spec. What cannot be read is complained of and left out.

    What the schema of `vocabulary` rejects is rejected too, where nothing else was said about the place.
    """
    heard = _Patience()
    refuse_characters(source, heard)
    file = tree.File(Span(source, 0, len(source.text)), (), tree.NO_COMMENTS)
    collecting = isenabled()
    disable()  # The collector would take longer than reading does, and finds nothing in a tree.
    try:
        if not heard.errors:
            file = _read(source, heard, vocabulary)
    except _Enough:
        pass
    finally:
        if collecting:
            enable()
    for complaint in heard:
        complaints.add(complaint)
    return file


class _Enough(Exception):
    """So many mistakes were found that reading ends."""


class _Patience(Complaints):
    """Collects complaints, up to a number."""

    def add(self, complaint: Complaint) -> None:
        """Keep a complaint; raises _Enough when there are too many."""
        super().add(complaint)
        if len(self) >= MOST_COMPLAINTS:
            raise _Enough


def _read(source: Source, complaints: Complaints, vocabulary: Vocabulary) -> tree.File:
    composer = Composer(source, complaints)
    root = composer.compose()
    reader = FileReader(source, composer, complaints, vocabulary)
    if root is None:
        return tree.File(Span(source, 0, len(source.text)), (), reader.keeper.rest())
    file = reader.file(root)
    if not reader.flat:
        judge(source, root, vocabulary, complaints)
    return tree.File(file.span, placed(file.statements, "a file", complaints), file.comments)


class FileReader(Bodies):
    """Reads the keys of a whole file."""

    def file(self, root: Node) -> tree.File:
        """Read the root of a source."""
        whole = Span(self.source, 0, len(self.source.text))
        if isinstance(root, Mapping):
            self._collect_own(root)
            statements = tuple([statement for key, value in root.pairs for statement in self._section(key, value)])
            return tree.File(whole, statements, self.keeper.rest())
        if not isinstance(root, Faulty) and not (isinstance(root, Scalar) and root.is_null):
            self.complaints.add(
                say.wanted(self.first_line(root), "a spec", "a mapping with keys such as `model` and `train`", found_in(root))
            )
        return tree.File(whole, (), self.keeper.rest())

    def _collect_own(self, root: Mapping) -> None:
        """Note which names are shorthands, blocks and cells, so that they are layers in items."""
        for key, value in root.pairs:
            if key.text in ("shorthands", "blocks", "cells") and isinstance(value, Mapping):
                self._note([name.text for name, _ in value.pairs])
                bodies = [body for _, body in value.pairs]
            elif key.text == "models" and isinstance(value, Mapping):
                bodies = [body for _, body in value.pairs]
            elif key.text == "statements" and isinstance(value, Sequence):
                bodies = [body for item in value.items if isinstance(item, Mapping) for _, body in item.pairs]
                self._note([name.text.partition(" ")[2] for item in value.items if isinstance(item, Mapping)
                            for name, _ in item.pairs if name.text.partition(" ")[0] in ("layer", "block", "cell")])  # fmt: skip
            else:
                bodies = [value]
            for body in bodies:
                inner = body.get("shorthands") if isinstance(body, Mapping) else None
                if isinstance(inner, Mapping):
                    self._note([name.text for name, _ in inner.pairs])

    def _note(self, signatures: list[str]) -> None:
        self.own_layers.update(signature.partition("(")[0].strip() for signature in signatures)

    def _section(self, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read one key of the file."""
        name = key.text
        if isinstance(value, Faulty):
            return
        if name == "archdsl":
            if not (isinstance(value, Scalar) and value.text == "1"):
                self.complaints.add(say.bad_version(self.span(value), found_in(value)))
        elif name == "imports":
            for lead, item in self.items(key, value, "imports"):
                yield from self.import_(lead, item)
        elif name == "params":
            for lead, inner, given in self.pairs(key, value, "params"):
                yield from self.param(lead, inner, given)
        elif name == "model":
            yield from self._model(key, value)
        elif name in ("models", "blocks", "cells"):
            for lead, inner, given in self.pairs(key, value, name):
                yield from self.block(name[:-1], lead, inner, inner, given)
        elif name == "train":
            yield from self.train(key.start, key, value)
        elif name == "statements":
            for lead, item in self.items(key, value, "statements"):
                yield from self.item(lead, item, "file")
        elif name in ("shorthands", "about", "figure", "reading"):
            yield from self.section(key, value)
        elif name not in BODY_KEYS or not self.flat:
            self.complaints.add(say.unknown_key(self.span(key), name, "a spec", FILE_KEYS))

    def _model(self, key: Scalar, value: Node) -> Iterator[tree.Statement]:
        """Read `model:`, whose name stands inside."""
        if not isinstance(value, Mapping):
            self.flat = True
            self.complaints.add(say.wanted(self.span(value), "`model`", "a mapping with `name`, `inputs` and `graph`", found_in(value)))
            return
        name = value.get("name")
        if name is None:
            self.complaints.add(say.missing_key(self.span(key), "name", "a model"))
        signature = self.word(name, "a model's `name`") if name is not None else None
        yield from self.block("model", key.start, key, signature, value)
