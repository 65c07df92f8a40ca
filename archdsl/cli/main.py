"""`archdsl COMMAND ...`: finds the command, and loads it and nothing else.

A command is a module of this package with `arguments(parser)`, which declares what it takes, and
`run(options)`, which does it and returns the exit code: 0 when all went well, 1 when a spec or a run
is at fault (or archdsl itself is), 2 when the command was called wrongly.
"""

from __future__ import annotations

import gc
import sys

from archdsl.cli.misuse import Misuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "check": "parse, resolve, infer shapes; silent when all is sound",
    "build": "write the PyTorch module",
    "train": "train, with progress, metrics and checkpoints in the run's folder",
    "eval": "measure a trained run on its held-out data",
    "sample": "draw what a trained run generates",
    "draw": "draw the figure",
    "summary": "list layers, shapes, state-dict keys, parameters and multiply-adds",
    "fmt": "format specs in place",
    "convert": "rewrite a spec in the other surface, .arch or .yaml",
    "import": "write the spec of an existing PyTorch class",
    "new": "begin a spec from one of the library's",
    "layers": "show what layers, losses and optimizers there are",
    "schema": "print the JSON Schema of the YAML surface",
}
LONG = ("train", "eval", "sample", "import")
"""Commands that run for long, and want their garbage collected."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if words else 2
    if words[0] in ("-V", "--version"):
        from archdsl import __version__

        print(f"archdsl {__version__}")
        return 0
    if argv is None and words[0] not in LONG:
        # Trees are large and the process is short: to look for garbage takes longer than to make it.
        gc.disable()
    try:
        return run(words[0], words[1:])
    except Misuse as misuse:
        print(f"archdsl: {misuse}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has enough of it; the interpreter must not try to flush the rest.
        sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115 - it stays open until the end
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - a fault of ours is told in our words as well
        return internal_error(words[0], error)


def run(name: str, words: list[str]) -> int:
    """Load a command, let it read its arguments, and run it. Raises Misuse for an unknown one."""
    if name not in COMMANDS:
        from archdsl.text.suggest import nearest

        near = nearest(name, COMMANDS)
        raise Misuse(f"there is no command `{name}`" + (f"; did you mean `{near}`?" if near else ". `archdsl --help` lists them."))
    import argparse
    from importlib import import_module

    command = import_module(f"archdsl.cli.{'import_' if name == 'import' else name}")
    parser = argparse.ArgumentParser(
        prog=f"archdsl {name}",
        description=command.__doc__,
        # With its width given, argparse need not load `shutil` to ask the terminal for it.
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=100),
        allow_abbrev=False,
    )
    command.arguments(parser)
    try:
        options = parser.parse_args(words)
    except SystemExit as leaving:
        return int(leaving.code or 0)
    code: int = command.run(options)
    # A reader that has gone is noticed here, and not when the interpreter ends.
    sys.stdout.flush()
    return code


def usage() -> str:
    """Return what `archdsl --help` says."""
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "archdsl: a neural network, written once, is code, training, figure and page.",
            "",
            "usage: archdsl COMMAND ... (archdsl COMMAND --help says more)",
            "",
            *lines,
        ]
    )


def internal_error(name: str, error: Exception) -> int:
    """Own up to a fault of archdsl's, in a line; ARCHDSL_TRACEBACK=1 shows where."""
    import os

    if os.environ.get("ARCHDSL_TRACEBACK"):
        raise error
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else ""
    print(
        f"archdsl: `{name}` failed, and the fault is archdsl's: {type(error).__name__}: {error}{where}\n"
        "Please report it with the spec; ARCHDSL_TRACEBACK=1 in the environment shows more.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
