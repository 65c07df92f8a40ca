"""Arguments that several commands take, each declared once."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser


def specs(parser: ArgumentParser) -> None:
    """The specs that a command is about."""
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="a spec, a folder of specs, or - for standard input")


def complaints(parser: ArgumentParser) -> None:
    """How complaints are told, and which count."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how complaints are told: json gives one object a line")
    parser.add_argument("--strict", action="store_true", help="a warning is a mistake too")


def overrides(parser: ArgumentParser) -> None:
    """What is set from outside the spec."""
    parser.add_argument("-p", dest="params", action="append", type=pair, metavar="NAME=VALUE", help="set a param of the spec")
    parser.add_argument("--set", dest="sets", action="append", type=pair, metavar="train.FIELD=VALUE", help="set a field of its recipe")


def output(parser: ArgumentParser, metavar: str) -> None:
    """Where the result goes."""
    parser.add_argument("-o", dest="output", metavar=metavar, help="where it goes (standard output, if left out); a folder ends in /")
    force(parser)


def force(parser: ArgumentParser) -> None:
    """Whether a file that is there may go."""
    parser.add_argument("--force", action="store_true", help="overwrite what is there")


def pair(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    return name.strip(), value.strip()
