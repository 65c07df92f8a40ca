"""Sorts statements into the sections of YAML: each key once, in the order of the statements.

Where statements of one kind do not stand together, a section cannot hold them in their order. Then all
from the first to the last of them go into one list, whose items may be any statement.
"""

from __future__ import annotations

from archdsl.syntax import tree
from archdsl.syntax.write_expression import write_expression
from archdsl.syntax.yaml_bodies import FIELDS, NAMED_FIELDS, STEP_FIELDS
from archdsl.syntax.yaml_expressions import has_own_quotes
from archdsl.syntax.yaml_statements import FIGURE_TEXTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALONE = frozenset({"about", "init", "figure", "reading", "train"})
"""The keys that hold one statement."""

FILE_SECTIONS: dict[type, str] = {
    tree.About: "about", tree.Figure: "figure", tree.Reading: "reading", tree.Param: "params", tree.Import: "imports",
    tree.Shorthand: "shorthands", tree.Train: "train",
}  # fmt: skip
BODY_SECTIONS: dict[type, str] = {
    tree.Define: "graph", tree.If: "graph", tree.For: "graph", tree.Input: "inputs", tree.State: "states", tree.Shorthand: "shorthands",
    tree.Next: "next", tree.Output: "outputs", tree.Tie: "tie", tree.Carry: "carry", tree.Init: "init",
}  # fmt: skip


class Run:
    """Statements that stand under one key; as a list of any statements when `mixed`."""

    __slots__ = ("key", "mixed", "statements")

    def __init__(self, key: str, statements: list[tree.Statement], mixed: bool = False) -> None:
        self.key, self.statements, self.mixed = key, statements, mixed


def runs_of(statements: Sequence[tree.Statement], sections: Mapping[type, str], rest: str) -> list[Run]:
    """Return the sections that hold these statements in their order; `rest` is the list for all that has no section."""
    runs: list[Run] = []
    for statement in statements:
        key = f"{statement.kind}s" if isinstance(statement, tree.Block) else sections.get(type(statement), rest)
        if runs and runs[-1].key == key and key not in ALONE:
            runs[-1].statements.append(statement)
        else:
            runs.append(Run(key, [statement], mixed=key == rest != "graph"))
    for run in runs:
        if not fits(run):
            run.key, run.mixed = rest, True
    while (pair := _apart(runs)) is not None:
        first, last = pair
        runs[first : last + 1] = [Run(rest, [statement for run in runs[first : last + 1] for statement in run.statements], mixed=True)]
    return runs


def _apart(runs: Sequence[Run]) -> tuple[int, int] | None:
    """Return the first and last run of a key that has several."""
    for first, run in enumerate(runs):
        last = max(place for place, other in enumerate(runs) if other.key == run.key)
        if last > first:
            return first, last
    return None


def fits(run: Run) -> bool:
    """Whether a section can hold its statements: its keys differ, and mean what they say."""
    keys: list[str] = []
    for statement in run.statements:
        if isinstance(statement, tree.Output):
            if not statement.targets and len(run.statements) > 1:
                return False
            keys.append(names_of(statement.targets))
        elif isinstance(statement, (tree.Define, tree.Next)):
            keys.append(names_of(statement.targets))
        elif isinstance(statement, tree.Tie):
            keys.append(write_expression(statement.left))
        elif isinstance(statement, (tree.Init, tree.Figure, tree.Reading)):
            keys += [entry.key for entry in statement.entries]
            if not all(_is_readable(statement, entry) for entry in statement.entries):
                return False
        elif isinstance(statement, (tree.Input, tree.State, tree.Shorthand, tree.Block, tree.Param, tree.Carry)):
            keys.append(statement.name.id)
    if run.key == "graph":
        return True
    return len(set(keys)) == len(keys)


def _is_readable(statement: tree.Statement, entry: tree.Entry) -> bool:
    """Whether an entry is read back as it is: where YAML takes a text, it has to be one."""
    text_wanted = isinstance(statement, tree.Reading) or (isinstance(statement, tree.Figure) and entry.key in FIGURE_TEXTS)
    if not text_wanted or (isinstance(entry.value, tree.Literal) and isinstance(entry.value.value, str)):
        return True
    return has_own_quotes(write_expression(entry.value))


def is_definitions(statements: Sequence[tree.Statement]) -> bool:
    """Whether a graph can be a mapping: nothing but definitions, of different names."""
    keys = [names_of(statement.targets) for statement in statements if isinstance(statement, tree.Define)]
    return len(keys) == len(statements) and len(set(keys)) == len(keys)


def is_recipe(body: Sequence[tree.Statement]) -> bool:
    """Whether a recipe can be a mapping: its keys differ, its steps stand together, and no definition has a field's name."""
    keys, steps = [], 0
    for place, statement in enumerate(body):
        if isinstance(statement, tree.Step):
            steps += place == 0 or not isinstance(body[place - 1], tree.Step)
        elif isinstance(statement, tree.Define) and names_of(statement.targets) not in (*FIELDS, *STEP_FIELDS, "steps"):
            keys.append(names_of(statement.targets))
        elif isinstance(statement, tree.Field) and is_field(statement):
            keys.append(statement.name.id)
        else:
            return False
    names = [statement.name.id for statement in body if isinstance(statement, tree.Step)]
    return len(set(keys)) == len(keys) and steps <= 1 and len(set(names)) == len(names)


def is_field(statement: tree.Field) -> bool:
    """Whether a field can be a pair: it is one that is known, and its entries are not taken for a layer with arguments."""
    if statement.name.id not in (*FIELDS, *STEP_FIELDS):
        return False
    if not isinstance(statement.value, tree.Entries):
        return True
    keys = [entry.key for entry in statement.value.entries]
    return len(set(keys)) == len(keys) and (statement.name.id in NAMED_FIELDS or len(keys) != 1)


def names_of(targets: Sequence[tree.Name]) -> str:
    """Write names with commas between them."""
    return ", ".join([target.id for target in targets])
