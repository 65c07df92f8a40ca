"""What a spec comes to: models, their modules and values, and the recipe, resolved and frozen.

Analysis makes these from the tree; whatever comes after reads only these. There are two ways to
look at a model, and both are here:

- as its author wrote it: an `Instance` has the statements of its body, in order, with loops and
  conditions kept (`Loop`, `Branch`), values as expressions of nodes, and modules as a tree. Source is
  emitted from it. A block that is used twice has two instances of one `Definition`; a loop has one
  tuple of statements for each iteration.
- as it computes: `trace` unrolls all of that to a flat list of `Step`s. Figures and the summary
  read it.

Sizes in an instance that was analyzed for emission are `Traced`: they know the arithmetic over the
names of their class that they come from (see `archdsl.dims`).
"""

from __future__ import annotations

from archdsl.graph.instances import Branch, Constant, InitRule, Instance, Let, Loop, Make, SetState, Statement, StateVar
from archdsl.graph.modules import Definition, Given, Module, Splice
from archdsl.graph.nodes import Apply, CallModel, Index, Node, Number, Operate, Pack, Read, Run, Scan, Take, Weight
from archdsl.graph.programs import Choice, Fed, Program, Recipe, Step, Update, Within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.graph.nodes import Type as Type

__all__ = [
    "Apply",
    "Branch",
    "CallModel",
    "Choice",
    "Constant",
    "Definition",
    "Fed",
    "Given",
    "Index",
    "InitRule",
    "Instance",
    "Let",
    "Loop",
    "Make",
    "Module",
    "Node",
    "Number",
    "Operate",
    "Pack",
    "Program",
    "Read",
    "Recipe",
    "Run",
    "Scan",
    "SetState",
    "Splice",
    "StateVar",
    "Statement",
    "Step",
    "Take",
    "Update",
    "Weight",
    "Within",
]
