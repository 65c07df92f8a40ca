"""The whole file: what it is about, imports, helpers, shorthands, blocks, models, and how to train them."""

from __future__ import annotations

from archdsl.emit.model import ClassWriter
from archdsl.emit.python import Document, Lines
from archdsl.emit.shorthands import Shorthands
from archdsl.text.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.emit.modules import Signature
    from archdsl.graph import Definition, Instance, Program


class Written(Record):
    """Emitted source, and for each of its lines that comes from one the line of the spec."""

    text: str
    lines: dict[int, int]


def write(program: Program) -> Written:
    """Write the Python module of a spec."""
    document = Document()
    signatures: dict[str, Signature] = {}
    shorthands = Shorthands(program, document, signatures)
    blocks, models = Lines(), Lines()
    single = len(program.models) == 1
    for definition in in_order(program):
        if definition.kind in ("block", "cell"):
            writer = ClassWriter(document, program, definition, program.instances[definition.name], signatures, shorthands)
            _class(blocks, writer, "", definition, program)
            signatures[definition.name] = writer.signature
    for instance in program.models.values():
        writer = ClassWriter(document, program, instance.definition, [instance], signatures, shorthands)
        _class(models, writer, program.about if single else "", instance.definition, program)
        signatures[instance.name] = writer.signature
    body = document.body
    for part in (shorthands.lines, blocks, models):
        if part:
            body.blank(2)
            body.extend(part)
    if program.recipe is not None:
        from archdsl.emit.training import write_training

        body.blank(2)
        body.extend(write_training(document, program, shorthands))
    comments = program.comments.above if program.comments is not None else ()
    whole = document.assemble("" if single else program.about, comments)
    return Written(whole.text, whole.lines)


def program_source(program: Program) -> str:
    """Return the text alone."""
    return write(program).text


def _class(lines: Lines, writer: ClassWriter, about: str, definition: Definition, program: Program) -> None:
    written = writer.write(about)
    lines.blank(2)
    if definition.comments is not program.comments:
        lines.comment(definition.comments.above)
    lines.extend(written)


def in_order(program: Program) -> list[Definition]:
    """Return the definitions with what each uses before it; otherwise in the order in which they were met."""
    by_name = {definition.name: definition for definition in program.definitions if definition.name in program.instances}
    found: list[Definition] = []
    done: set[str] = set()

    def visit(name: str) -> None:
        if name in done or name not in by_name:
            return
        done.add(name)
        for instance in program.instances[name]:
            for used in _used(instance):
                visit(used)
        found.append(by_name[name])

    for name in by_name:
        visit(name)
    return found


def _used(instance: Instance) -> list[str]:
    names: list[str] = []
    stack = list(reversed(instance.modules))
    while stack:
        module = stack.pop()
        if module.definition is not None:
            names.append(module.definition.name)
        stack.extend(reversed(module.members))
    return names
