"""What analysis keeps while it goes: for the whole spec, and for one body."""

from __future__ import annotations

from archdsl.graph import Definition, Instance, Module
from archdsl.text.complaint import Complaint, Complaints, Label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analyze.naming import Plan
    from archdsl.analyze.values import MemberSpec, Spec
    from archdsl.graph import Given, Statement
    from archdsl.layers.tensor import Tensor
    from archdsl.syntax import tree
    from archdsl.text.source import Span

MOST_LAYERS = 100_000
"""How many layers a spec may come to, loops unrolled."""


class Compiler:
    """What holds for a whole spec.

    `traced` says that sizes are to remember how they came about, which only emission needs.
    """

    def __init__(self, complaints: Complaints, *, traced: bool) -> None:
        self.complaints, self.traced = complaints, traced
        self.params: dict[str, Given] = {}
        self.param_spans: dict[str, Span] = {}
        self.used_params: set[str] = set()
        self.globals: dict[str, object] = {}
        self.definitions: list[Definition] = []
        self.instances: dict[str, list[Instance]] = {}
        self.models: dict[str, Instance] = {}
        self.specs: dict[Module, Spec] = {}
        self.callers: list[tuple[str, Span]] = []
        self.layers = self.loops = 0
        self.weights: dict[int, tuple[object, int]] = {}
        self.count = 0

    def complain(self, complaint: Complaint) -> None:
        """Keep a complaint; inside a block it also says where the block was used."""
        self.count += complaint.severity == "error"
        if self.callers and complaint.severity == "error":
            name, span = self.callers[-1]
            complaint = complaint.replace(labels=(*complaint.labels, Label(span, f"{name} is used here")))
        self.complaints.add(complaint)


class Body:
    """One model or block while its statements are gone through.

    `scope` has what each name means at this point. `made` remembers where each named layer stands, and
    `used` which of them were applied. `lists` are the nn.ModuleLists of loops by name.
    """

    def __init__(self, compiler: Compiler, instance: Instance, scope: dict[str, object]) -> None:
        self.compiler, self.instance, self.scope = compiler, instance, scope
        self.statements: list[Statement] = []
        self.specs = compiler.specs
        self.applied: set[Module] = set()
        self.defined: dict[str, Span] = {}
        self.attributes: set[str] = set()
        self.numbered: dict[str, int] = {}
        self.lists: dict[str, Module] = {}
        self.loop_lists: list[list[Module]] = []
        self.plan: Plan | None = None
        self.plan_members: dict[int, list[MemberSpec]] = {}
        self.makes: list[Module] = []
        self.inputs: dict[str, Span] = {}
        self.read: set[str] = set()
        self.block_types: list[Tensor] | None = None
        self.is_state_model = self.is_recipe = False
        self.state_spans: dict[str, Span] = {}
        self.set_states: set[str] = set()
        self.layer_spans: dict[Module, Span] = {}
        self.layer_values: set[str] = set()
        self.weights_read: set[Module] = set()
        self.late: list[tree.Statement] = []
        self.broken_output = False
        self.untaken: set[str] = set()
        self.errors_before = compiler.count

    def complain(self, complaint: Complaint) -> None:
        """Keep a complaint."""
        self.compiler.complain(complaint)

    def layer_names(self, module: Module) -> str:
        """Return the name that a layer in a loop was given."""
        return module.key.split(".")[0]

    @property
    def modules(self) -> list[Module]:
        """The direct submodules so far."""
        return self.instance.modules

    def attribute(self, name: str) -> str:
        """Return a free attribute: the name itself, or numbered from the second on."""
        free, number = name, self.numbered.get(name, 1)
        while free in self.attributes:
            number += 1
            free = f"{name}{number}"
        self.numbered[name] = number
        self.attributes.add(free)
        return free
