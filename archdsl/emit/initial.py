"""Ties, and what weights start from."""

from __future__ import annotations

from archdsl.emit.constants import Unwritable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.emit.model import ClassWriter
    from archdsl.emit.python import Lines
    from archdsl.graph import InitRule, Instance, Module

_ORDER = {"kind": 0, "pattern": 1, "name": 2}


def write_initial(writer: ClassWriter, lines: Lines) -> None:
    """Write the end of a constructor: tied weights, then the rules of `init`, the strongest last."""
    instance = writer.instances[0]
    for left, right in instance.ties:
        lines.add(f"{attribute_path(left)} = {attribute_path(right)}", 8)
    rules = sorted(instance.inits, key=lambda rule: _ORDER[rule.kind])
    kinds = [rule for rule in rules if rule.kind == "kind"]
    patterns = [rule for rule in rules if rule.kind == "pattern"]
    if kinds:
        _by_kind(writer, kinds, lines)
    if patterns:
        _by_pattern(writer, patterns, lines)
    for rule in rules:
        if rule.kind == "name":
            for key in rule.matches:
                lines.add(_call(writer, rule, attribute_path(key)), 8, rule.span)


def attribute_path(key: str) -> str:
    """Return how a weight is reached by its state-dict key."""
    text = "self"
    for part in key.split("."):
        text += f"[{part}]" if part.isdigit() else f".{part}"
    return text


def _call(writer: ClassWriter, rule: InitRule, target: str) -> str:
    parts = [target]
    for one in rule.arguments:
        try:
            text = writer.scope.init.write(one.expr) if one.expr is not None else writer.scope.value([one.value])
        except Unwritable:
            text = writer.scope.value([one.value])
        parts.append(text if one.positional else f"{one.name}={text}")
    return f"{writer.document.function(rule.function.function)}({', '.join(parts)})"


def _by_kind(writer: ClassWriter, rules: Sequence[InitRule], lines: Lines) -> None:
    """One loop over the modules, with a branch for each kind of layer."""
    instance = writer.instances[0]
    leaves = {key: leaf for key, _, _, leaf in instance.state()}
    by_class: dict[str, list[tuple[str, InitRule]]] = {}
    for rule in rules:
        found = dict.fromkeys((_class_of(leaves[key]), _weight_of(key, leaves[key])) for key in rule.matches)
        for torch_class, weight in found:
            by_class.setdefault(torch_class, []).append((weight, rule))
    lines.add("for module in self.modules():", 8, rules[0].span)
    for number, (torch_class, pairs) in enumerate(by_class.items()):
        lines.add(f"{'if' if number == 0 else 'elif'} isinstance(module, {writer.document.function(torch_class)}):", 12, pairs[0][1].span)
        for weight, rule in pairs:
            optional = _may_lack(instance, torch_class, weight)
            if optional:
                lines.add(f"if module.{weight} is not None:", 16, rule.span)
            lines.add(_call(writer, rule, f"module.{weight}"), 20 if optional else 16, rule.span)


def _class_of(leaf: Module) -> str:
    layer = leaf.members[0].layer if leaf.kind == "wrapper" else leaf.layer
    assert layer is not None
    return layer.module


def _weight_of(key: str, leaf: Module) -> str:
    return next(name for name in sorted(leaf.weights, key=len, reverse=True) if key.endswith(name))


def _may_lack(instance: Instance, torch_class: str, weight: str) -> bool:
    """Whether some layer of the class was made without this weight."""
    stack = list(instance.modules)
    while stack:
        module = stack.pop()
        stack.extend(module.children())
        if module.kind == "layer" and module.layer is not None and module.layer.module == torch_class and weight not in module.weights:
            return True
    return False


def _by_pattern(writer: ClassWriter, rules: Sequence[InitRule], lines: Lines) -> None:
    """One loop over the named parameters, with a test for each pattern; the first that holds is the one."""
    lines.add("for name, parameter in self.named_parameters():", 8, rules[0].span)
    for number, rule in enumerate(reversed(rules)):
        lines.add(f"{'if' if number == 0 else 'elif'} {_test(writer, rule.pattern)}:", 12, rule.span)
        lines.add(_call(writer, rule, "parameter"), 16, rule.span)


def _test(writer: ClassWriter, pattern: str) -> str:
    from archdsl.emit.python import literal

    if pattern.startswith("*") and not any(sign in pattern[1:] for sign in "*?["):
        return f"name.endswith({literal(pattern[1:])})"
    if pattern.endswith("*") and not any(sign in pattern[:-1] for sign in "*?["):
        return f"name.startswith({literal(pattern[:-1])})"
    writer.document.use("from fnmatch import fnmatchcase")
    return f"fnmatchcase(name, {literal(pattern)})"
