"""The registry: one function a layer, from which all else about the layer derives.

A declaration is a function from tensors to `Applied`. Values stand before the `/`, torch's own
arguments after it, with torch's names, order and defaults, minus what inference supplies:

    @layer("nn.Linear", infers="in_features", role="linear")
    def linear(x: Tensor, /, out_features: Size, bias: bool = True) -> Applied:
        \"\"\"Multiplies by a learned matrix and adds a learned vector.\"\"\"

Help, completion, the JSON Schema, argument checks, emission, drawing and counts read the
declaration; nobody keeps a second list. Files of declarations are loaded when a name of theirs is
asked for, so that a check of a small spec does not pay for all of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from archdsl.layers.tensor import Applied

REQUIRED = object()
"""Marks an argument that has no default."""


class Argument:
    """One argument of a layer.

    `kind` is the annotation's text, a word of `archdsl.layers.check` or a union of them with `|`;
    `choices` are the strings that it may be. A variadic argument is bound to one tuple.
    """

    __slots__ = ("choices", "default", "keyword_only", "kind", "name", "variadic")

    def __init__(self, name: str, default: object, kind: str, *, keyword_only: bool, variadic: bool, choices: tuple[object, ...]) -> None:
        self.name, self.default, self.kind = name, default, kind
        self.keyword_only, self.variadic, self.choices = keyword_only, variadic, choices

    @property
    def required(self) -> bool:
        """Whether the argument has to be given."""
        return self.default is REQUIRED and not self.variadic


class Layer:
    """A declaration: what a name of the language means.

    - `name`: the name in specs. `group`: `layer`, `loss`, `optimizer`, `schedule`, `draw`, `metric`.
    - `torch`: the torch class or function that it is (`nn.Conv2d`, `torch.concat`), the source of its meaning.
    - `module`: the class to construct where a module is needed (`nn.Flatten`), or "" where torch has none.
    - `function`: how it is called on values: a dotted function (`F.relu`, `torch.cat`), or `.flatten`,
      a method of the first value. "" where only the module exists (whatever owns weights).
    - `write`: for calls that no plain function call expresses: `write(values, arguments) -> str`, from the
      sources of the values and of the given arguments (by name) to an expression.
    - `always`: arguments that the function form must be given even where they are the default, since the
      function's own default differs from the module's.
    - `training`: the function form takes `training=self.training` (dropout).
    - `infers`: the arguments that inference supplies, in torch's order, before the author's; `leading`
      says how many of the author's come before them yet (`nn.GroupNorm(num_groups, num_channels)`).
    - `ragged`: `keeps` (works on each moment by itself), `uses` (is given the lengths: `last`, `lstm`), or
      "" (refuses a ragged sequence).
    - `variadic_values`: the last value stands for any number of them (`concat`).
    - `optional_values`: how many of the values, from the end, may be left out (the rule gets None).
    - `numbers`: the values that may be numbers (`where(mask, x, 0)`, a loss's target).
    - `fixed`: arguments that the module is always given and the author never (`batch_first=True`).
    - `forward`: arguments of the module's call, not of its making (`need_weights=False`).
    - `open`: whether any other name is an argument as well (`rearrange(..., h=8)`).
    - `positional`: how many arguments the function form takes by position in the same order as here;
      the rest are written by name.
    - `helper`: the source of a function that emitted code needs, "" where torch has it all; where
      `ragged` is `uses`, it is needed only when the lengths matter, and takes them after the values.
      `helper_imports` are the import lines of that source.
    - `role`: what figures draw it as. `logits`: a loss that wants logits. See the declarations.
    """

    __slots__ = (
        "aliases", "always", "arguments", "fields", "fixed", "forward", "function", "group", "helper", "helper_imports", "infers",
        "leading", "logits", "module", "name", "numbers", "open", "optional_values", "positional", "ragged", "role", "rule", "torch",
        "training", "values", "variadic_values", "weighted", "write", "yields",
    )  # fmt: skip

    def __init__(self, rule: Callable[..., Applied], torch: str, options: Mapping[str, Any]) -> None:
        code = rule.__code__
        names = code.co_varnames
        positional, only = code.co_argcount, code.co_kwonlyargcount
        values = names[: code.co_posonlyargcount]
        star = names[positional + only] if code.co_flags & 0x04 else None
        self.name: str = options.get("name") or rule.__name__.rstrip("_")
        self.rule, self.torch, self.values = rule, torch, values
        self.aliases: tuple[str, ...] = tuple(options.get("aliases", ()))
        infers = options.get("infers", ())
        self.infers: tuple[str, ...] = (infers,) if isinstance(infers, str) else tuple(infers)
        self.arguments = _arguments(rule, options.get("choices", {}), star)
        self.module: str = options.get("module", torch if torch.startswith("nn.") else "")
        self.function: str = options.get("function", "" if torch.startswith("nn.") else torch)
        self.write: Callable[[list[str], dict[str, str]], str] | None = options.get("write")
        always = options.get("always", ())
        self.always: tuple[str, ...] = (always,) if isinstance(always, str) else tuple(always)
        self.training: bool = options.get("training", False)
        self.group: str = options.get("group", "layer")
        self.role: str = options.get("role", "function")
        self.ragged: str = options.get("ragged", "")
        self.variadic_values: bool = options.get("variadic_values", False)
        self.optional_values: int = options.get("optional_values", 0)
        self.numbers: tuple[str, ...] = tuple(options.get("numbers", ()))
        self.fixed: Mapping[str, object] = options.get("fixed", {})
        self.forward: tuple[str, ...] = tuple(options.get("forward", ()))
        self.open: bool = bool(code.co_flags & 0x08)
        self.positional: int = options.get("positional", len(self.arguments))
        self.helper: str = options.get("helper", "")
        self.helper_imports: tuple[str, ...] = tuple(options.get("helper_imports", ()))
        self.weighted: bool = options.get("weighted", bool(self.infers))
        self.leading: int = options.get("leading", 0)
        self.logits: bool = options.get("logits", False)
        self.yields: tuple[str, ...] = tuple(options.get("yields", ()))
        self.fields: Mapping[str, Any] = options.get("fields", {})

    @property
    def doc(self) -> str:
        """The documentation of the layer; its first line is a sentence."""
        return self.rule.__doc__ or ""

    def argument(self, name: str) -> Argument | None:
        """Return the argument of that name."""
        return next((argument for argument in self.arguments if argument.name == name), None)

    @property
    def helper_name(self) -> str:
        """The name of the helper's function, or ""."""
        return self.helper.partition("def ")[2].partition("(")[0]

    def apply(self, values: Sequence[object], arguments: Mapping[str, object]) -> Applied:
        """Apply the rule to values and to bound arguments.

        `values` are tensors, numbers where `numbers` allows them, or None for an optional one; a list
        that is shorter than the rule's is filled up. Inferred names among the arguments reach the rule
        only where it asks for them. Raises Mismatch, whose message begins with the layer's name where
        it is about a value.
        """
        from archdsl.layers.bind import call_rule

        return call_rule(self, values, arguments)

    def __repr__(self) -> str:
        return f"<{self.group} {self.name}>"


def _arguments(rule: Callable[..., Applied], choices: Mapping[str, tuple[object, ...]], star: str | None) -> tuple[Argument, ...]:
    """Read the arguments off the function itself; `inspect` takes longer than a whole check."""
    code, kinds = rule.__code__, rule.__annotations__
    names = code.co_varnames
    positional = names[code.co_posonlyargcount : code.co_argcount]
    defaults = rule.__defaults__ or ()
    given = dict(zip(reversed(names[: code.co_argcount]), reversed(defaults), strict=False))
    found = [
        Argument(
            name, given.get(name, REQUIRED), str(kinds.get(name, "Any")), keyword_only=False, variadic=False, choices=choices.get(name, ())
        )
        for name in positional
    ]
    if star is not None:
        found.append(Argument(star, (), str(kinds.get(star, "Any")), keyword_only=False, variadic=True, choices=()))
    for name in names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]:
        default = (rule.__kwdefaults__ or {}).get(name, REQUIRED)
        found.append(Argument(name, default, str(kinds.get(name, "Any")), keyword_only=True, variadic=False, choices=choices.get(name, ())))
    return tuple(found)


_declared: dict[str, Layer] = {}


def layer(torch: str, **options: Any) -> Callable[[Callable[..., Applied]], Callable[..., Applied]]:
    """Declare a layer; see `Layer` for the options.

    Raises ValueError where a name is declared twice.
    """

    def declare(rule: Callable[..., Applied]) -> Callable[..., Applied]:
        made = Layer(rule, torch, options)
        for name in (made.name, *options.get("aliases", ())):
            if name in _declared:
                raise ValueError(f"{name} is declared twice")
            _declared[name] = made
        return rule

    return declare


def declared() -> Mapping[str, Layer]:
    """Return the declarations that have been loaded, by name and alias."""
    return _declared


def lookup(name: str) -> Layer | None:
    """Return the declaration of a name, loading the file that it stands in; None where there is none."""
    found = _declared.get(name)
    if found is None:
        from archdsl.layers.index import FILES

        file = FILES.get(name)
        if file is not None:
            __import__(f"archdsl.layers.{file}")
            found = _declared.get(name)
    return found


def names(group: str | None = None) -> list[str]:
    """Return all names of the language, in order; of one group where it is named."""
    from archdsl.layers.index import FILES

    return sorted(name for name in FILES if group is None or (lookup(name) or _missing(name)).group == group)


def layers() -> Iterator[Layer]:
    """Go through all declarations, each once, in the order of their names."""
    for name in names():
        found = lookup(name)
        if found is not None and found.name == name:
            yield found


def _missing(name: str) -> Layer:
    raise LookupError(f"{name} is in the index and in no file: run python -m archdsl.layers.generate")
