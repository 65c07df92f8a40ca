"""The whole file: what it is about, imports, helpers, shorthands, blocks, models, and how to train them."""

from __future__ import annotations

from archdsl.emit.model import ClassWriter
from archdsl.emit.python import Document, Lines
from archdsl.emit.shorthands import Shorthands
from archdsl.emit.strands import Differs
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
    document.taken = {*program.models, *program.instances}
    signatures: dict[int, Signature] = {}
    shorthands = Shorthands(program, document, signatures)
    blocks, models = Lines(), Lines()
    single = len(program.models) == 1
    for definition in in_order(program):
        if definition.kind in ("block", "cell"):
            _block(blocks, document, program, definition, signatures, shorthands)
    for instance in program.models.values():
        writer = ClassWriter(document, program, instance.definition, [instance], signatures, shorthands)
        _class(models, writer, program.about if single else "", instance.definition, program)
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


def _block(
    lines: Lines, document: Document, program: Program, definition: Definition, signatures: dict[int, Signature], shorthands: Shorthands
) -> None:
    """Write the class of a block; several, where what it computes differs so much that one cannot say it."""

    def writer(group: list[Instance], name: str) -> ClassWriter:
        return ClassWriter(document, program, definition, group, signatures, shorthands, name)

    def parted(group: list[Instance]) -> list[list[Instance]]:
        try:
            writer(group, definition.name).write()
        except Differs:
            if len(group) == 1:
                raise
            return [part for smaller in _alike(group) for part in parted(smaller)]
        return [group]

    for number, group in enumerate(parted(program.instances[definition.name]), 1):
        own = writer(group, definition.name if number == 1 else f"{definition.name}{number}")
        _class(lines, own, "", definition, program)
        signatures.update(dict.fromkeys(map(id, group), own.signature))


def _alike(instances: list[Instance]) -> list[list[Instance]]:
    """Part instances by what they were made with, as far as it is no size."""
    groups: dict[object, list[Instance]] = {}
    for instance in instances:
        said = {name: value for name, value in instance.arguments.items() if not isinstance(value, int) or isinstance(value, bool)}
        groups.setdefault(tuple((name, _spelled(value)) for name, value in said.items()), []).append(instance)
    return list(groups.values()) if len(groups) > 1 else [[instance] for instance in instances]


def _spelled(value: object) -> str:
    """Write what tells two arguments apart; a layer is told by its name and its own arguments."""
    layer = getattr(value, "layer", None)
    return repr(value) if layer is None else f"{layer.name}{[(one.name, one.value) for one in getattr(value, 'given', ())]}"


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
