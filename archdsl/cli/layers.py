"""Show what layers, losses, optimizers, schedules, draws and data there are; with a NAME, all about that one."""

from __future__ import annotations

from archdsl.cli.misuse import Misuse
from archdsl.layers import registry
from archdsl.layers.data import data_names, lookup_data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from archdsl.layers.registry import Layer


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a name of the language")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json gives one object a line")


def run(given: Namespace) -> int:
    """Show the layers that are named, or one line for each there is."""
    found = [_found(name) for name in given.names] or [
        *registry.layers(),
        *(source for name in data_names() if (source := lookup_data(name))),
    ]
    if given.format == "json":
        import json

        for layer in found:
            print(json.dumps(described(layer)))
    elif given.names:
        print("\n\n".join(page(layer) for layer in found))
    else:
        print(overview(found))
    return 0


def _found(name: str) -> Layer:
    layer = registry.lookup(name) or lookup_data(name)
    if layer is None:
        from archdsl.text.suggest import nearest

        near = nearest(name, [*registry.names(), *data_names()])
        raise Misuse(f"there is no layer {name}" + (f"; did you mean {near}?" if near else ""))
    return layer


def overview(layers: list[Layer]) -> str:
    """Return a line for each layer, group by group."""
    width = max(len(layer.name) for layer in layers) + 2
    groups: dict[str, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(layer.group, []).append(layer)
    lines: list[str] = []
    for group, members in groups.items():
        lines += ["", f"{group} ({len(members)})", *(f"  {layer.name:<{width}}{_sentence(layer)}" for layer in members)]
    return "\n".join(lines[1:])


def page(layer: Layer) -> str:
    """Return all that the registry knows of a layer, to read."""
    from archdsl.layers.bind import signature
    from archdsl.layers.check import show

    lines = [signature(layer), "", *(f"  {line.strip()}".rstrip() for line in layer.doc.strip().splitlines()), ""]
    if layer.torch:
        lines.append(f"  {'torch':<10}{layer.torch}")
    if layer.aliases:
        lines.append(f"  {'also':<10}{', '.join(layer.aliases)}")
    if layer.values:
        lines.append(f"  {'takes':<10}{', '.join(layer.values)}")
    if layer.infers:
        lines.append(f"  {'infers':<10}{', '.join(layer.infers)}")
    lines += [f"  {name:<10}always {show(value)}" for name, value in layer.fixed.items()]
    if layer.arguments:
        lines += [*([""] if lines[-1] else []), "  arguments"]
    width = max((len(argument.name) for argument in layer.arguments), default=0) + 2
    for argument in layer.arguments:
        kind = " | ".join(show(choice) for choice in argument.choices) or argument.kind
        default = "" if argument.variadic else "required" if argument.required else f"default {show(argument.default)}"
        lines.append(f"    {argument.name:<{width}}{kind}{', ' if default else ''}{default}")
    return "\n".join(lines)


def described(layer: Layer) -> dict[str, object]:
    """Return the same as data."""
    return {
        "name": layer.name,
        "group": layer.group,
        "torch": layer.torch,
        "doc": layer.doc,
        "values": list(layer.values),
        "infers": list(layer.infers),
        "arguments": [
            {
                "name": argument.name,
                "kind": argument.kind,
                "required": argument.required,
                "default": None if argument.required else argument.default,
                "choices": list(argument.choices),
            }
            for argument in layer.arguments
        ],
    }


def _sentence(layer: Layer) -> str:
    return layer.doc.partition("\n")[0]
