"""A whole spec: parameters, declarations, models, recipe, and what it says about itself."""

from __future__ import annotations

from archdsl.analyze import complaints as say
from archdsl.analyze.context import Body, Compiler
from archdsl.analyze.declare import block, mentioned, shorthand
from archdsl.analyze.evaluate import constant
from archdsl.analyze.instances import elaborate, named_size
from archdsl.analyze.names import resolve
from archdsl.analyze.naming import check_name
from archdsl.analyze.values import BROKEN, BlockDecl, ShorthandDecl
from archdsl.graph import Definition, Given, Instance, Program
from archdsl.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archdsl.text.complaint import Complaints
    from archdsl.text.source import Span

    Importer = Callable[[tree.Import], tree.File | None]

_BARE = Definition("", "file", (), (), (), (), tree.NO_COMMENTS, None)  # type: ignore[arg-type]


def analyze(
    file: tree.File,
    complaints: Complaints,
    *,
    traced: bool = False,
    params: Mapping[str, tree.Expr] | None = None,
    importer: Importer | None = None,
) -> Program | None:
    """Resolve a spec; None where it is at fault, the complaints then say why.

    `params` override the file's by name. `importer` reads an imported file; it complains itself where it
    cannot. With `traced`, sizes remember where they came from, for emission.
    """
    legible = not complaints.errors
    compiler = Compiler(complaints, traced=traced)
    statements = _imported(file, compiler, importer)
    top = Body(compiler, Instance(_BARE), compiler.globals)
    _params(top, statements, params or {})
    _declare(compiler, statements)
    blocks = [one for one in statements if isinstance(one, tree.Block) and one.kind == "model"]
    if not any(isinstance(one, tree.Block | tree.Shorthand) for one in statements):
        compiler.complain(say.missing("This spec has no model", file.span.replace(end=file.span.start), "Write model NAME { ... }."))
    read: dict[str, set[str]] = {}
    spans: dict[str, dict[str, Span]] = {}
    for one in blocks:
        _model(compiler, one, read, spans)
    program = Program()
    trains = [one for one in statements if isinstance(one, tree.Train)]
    sound = not complaints.errors
    broken = [one for one in blocks if one.name.id not in compiler.models]
    if trains and (legible or not broken):
        from archdsl.analyze.recipe import recipe

        program.recipe = recipe(compiler, trains[0], read, broken)
    for extra in trains[1:]:
        compiler.complain(say.defined_twice("train", "The recipe", extra.span, trains[0].span))
    if sound:
        _unused_inputs(compiler, read, spans)
    _resolve_unused(compiler)
    _about(top, statements, program)
    _unknown_overrides(compiler, params or {})
    return None if complaints.errors else _assemble(program, compiler, file)


def _imported(file: tree.File, compiler: Compiler, importer: Importer | None) -> list[tree.Statement]:
    """Put the statements of imported files in front; each file is brought once."""
    found: list[tree.Statement] = []
    seen: set[str] = set()
    stack: list[tuple[tree.File, bool]] = [(file, True)]
    order: list[list[tree.Statement]] = []
    while stack:
        at, whole = stack.pop()
        own = [one for one in at.statements if not isinstance(one, tree.Import)]
        order.append(
            own
            if whole
            else [
                one for one in own if isinstance(one, tree.Shorthand | tree.Param) or (isinstance(one, tree.Block) and one.kind != "model")
            ]
        )
        for one in at.statements:
            if isinstance(one, tree.Import) and importer is not None and str(one.path.value) not in seen:
                seen.add(str(one.path.value))
                brought = importer(one)
                if brought is not None:
                    stack.append((brought, False))
    for statements in reversed(order):
        found.extend(statements)
    return found


def _params(top: Body, statements: list[tree.Statement], overrides: Mapping[str, tree.Expr]) -> None:
    compiler = top.compiler
    for statement in statements:
        if not isinstance(statement, tree.Param):
            continue
        name, span = statement.name.id, statement.name.span
        if name in compiler.params:
            compiler.complain(say.defined_twice(name, "The param", span, compiler.param_spans[name]))
            continue
        value = constant(top, overrides.get(name, statement.value))
        compiler.param_spans[name] = span
        if not check_name(compiler, name, span) or value is BROKEN:
            compiler.globals[name] = BROKEN
            continue
        expr = overrides.get(name, statement.value)
        compiler.params[name] = Given(name, value, expr, span=statement.span)
        compiler.globals[name] = named_size(top, name, value)


def _unknown_overrides(compiler: Compiler, overrides: Mapping[str, tree.Expr]) -> None:
    for name, expr in overrides.items():
        if name not in compiler.param_spans:
            compiler.complain(say.unknown_name(name, expr.span, compiler.params).replace(message=f"There is no param {name}"))


def _declare(compiler: Compiler, statements: list[tree.Statement]) -> None:
    """Make all declarations known, whatever their order, then settle which params each speaks of."""
    spans: dict[str, Span] = dict(compiler.param_spans)
    for statement in statements:
        if not isinstance(statement, tree.Shorthand | tree.Block):
            continue
        name, span = statement.name.id, statement.name.span
        if not check_name(compiler, name, span):
            compiler.globals.setdefault(name, BROKEN)
            continue
        if name in spans:
            compiler.complain(say.defined_twice(name, "The name", span, spans[name]))
            continue
        spans[name] = span
        if isinstance(statement, tree.Shorthand):
            compiler.globals[name] = shorthand(compiler, statement, compiler.globals)
        elif statement.kind != "model":
            compiler.globals[name] = block(compiler, statement)
    if compiler.traced:
        _settle_uses(compiler)


def _settle_uses(compiler: Compiler) -> None:
    decls = {name: decl for name, decl in compiler.globals.items() if isinstance(decl, BlockDecl | ShorthandDecl)}
    names = {name: set(mentioned(decl.block if isinstance(decl, BlockDecl) else decl.shorthand)) for name, decl in decls.items()}
    changed = True
    while changed:
        changed = False
        for name, decl in decls.items():
            uses = set(decl.definition.uses)
            for other in names[name] & set(decls):
                uses |= set(decls[other].definition.uses)
            if uses != set(decl.definition.uses):
                ordered = tuple(param for param in compiler.params if param in uses)
                decl.definition = decl.definition.replace(uses=ordered)
                changed = True


def _model(compiler: Compiler, statement: tree.Block, read: dict[str, set[str]], spans: dict[str, dict[str, Span]]) -> None:
    name = statement.name.id
    if name in compiler.models:
        compiler.complain(say.defined_twice(name, "The model", statement.name.span, compiler.models[name].definition.span))
        return
    decl = block(compiler, statement)
    needless = [parameter for parameter in statement.parameters if parameter.default is None]
    if needless:
        compiler.complain(
            say.missing(f"The parameter {needless[0].name} of a model needs a default", needless[0].span, f"Write {needless[0].name} = ...")
        )
        return
    body = Body(compiler, Instance(decl.definition), dict(compiler.globals))
    body.is_state_model = any(isinstance(one, tree.State) for one in statement.body)
    body.block_types = None
    instance = elaborate(body, decl, {}, None)
    read[name], spans[name] = body.read, body.inputs
    if instance is not None:
        compiler.models[name] = instance


def _resolve_unused(compiler: Compiler) -> None:
    """A block that nothing uses has no shapes, but its names are to be found."""
    for decl in compiler.globals.values():
        if isinstance(decl, BlockDecl) and not decl.instances:
            resolve(Body(compiler, Instance(decl.definition), compiler.globals), (decl.block.parameters, decl.block.body))


def _unused_inputs(compiler: Compiler, read: Mapping[str, set[str]], spans: Mapping[str, Mapping[str, Span]]) -> None:
    for name, inputs in spans.items():
        for own, span in inputs.items():
            if own not in read[name] and own not in read.get("train", ()):
                compiler.complain(say.never_read(own, span))


def _about(top: Body, statements: list[tree.Statement], program: Program) -> None:
    for statement in statements:
        if isinstance(statement, tree.About):
            program.about = str(statement.text.value)
        elif isinstance(statement, tree.Figure):
            for entry in statement.entries:
                # A style is a word, also where the spec has a parameter of that name.
                said = entry.value
                if isinstance(said, tree.Name) and (entry.key == "style" or said.id not in top.scope):
                    value: object = said.id
                else:
                    value = constant(top, said)
                if value is not BROKEN:
                    program.figure[entry.key] = value
        elif isinstance(statement, tree.Reading):
            links = [(entry.key, constant(top, entry.value)) for entry in statement.entries]
            program.reading = tuple((title, str(link)) for title, link in links if link is not BROKEN)
        elif not isinstance(statement, tree.Param | tree.Shorthand | tree.Block | tree.Train | tree.Import):
            top.complain(say.misplaced(type(statement).__name__.lower(), "outside a model or recipe", statement.span))


def _assemble(program: Program, compiler: Compiler, file: tree.File) -> Program:
    program.params = compiler.params
    program.definitions = compiler.definitions
    program.instances = compiler.instances
    program.models = compiler.models
    program.comments = file.statements[0].comments if file.statements else file.comments
    return program
