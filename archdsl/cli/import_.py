"""Write the spec of a network that exists as a class of PyTorch; this runs its code, and wants to be allowed to."""

from __future__ import annotations

from archdsl.cli import files, options
from archdsl.cli.misuse import Misuse
from archdsl.cli.report import Report
from archdsl.reading import ENDINGS, write_as
from archdsl.text.complaint import Complaint, Complaints
from archdsl.text.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from archdsl.run.import_errors import Place
    from archdsl.run.importing import Imported
    from archdsl.syntax import tree


def arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("network", metavar="MODULE:CLASS", help="a class of a module that Python finds, the current folder included")
    parser.add_argument("--allow-python", action="append", default=[], metavar="MODULE", help="run the code of this module, or package")
    parser.add_argument("--input", dest="inputs", action="append", default=[], type=options.pair, metavar="NAME=TYPE",
                        help="what an input of forward is, without the batch: image=[3,224,224], tokens=int64[T]")  # fmt: skip
    parser.add_argument("--arg", dest="args", action="append", default=[], type=options.pair, metavar="NAME=VALUE",
                        help="an argument of the class")  # fmt: skip
    options.output(parser, "SPEC.arch|.yaml")
    options.complaints(parser)


def run(given: Namespace) -> int:
    """Import the class."""
    module, colon, kind = given.network.partition(":")
    if not colon or not kind.isidentifier():
        raise Misuse(f"a network is named MODULE:CLASS, and {given.network} is not")
    if given.output and not given.output.endswith(ENDINGS):
        raise Misuse(f"a spec ends in {', '.join(ENDINGS)}, and {given.output} does not")
    report = Report(given)
    inputs = [typed(name, text) for name, text in given.inputs]
    if not any(module == each or module.startswith(each + ".") for each in given.allow_python):
        report.say(
            [refusal(given.network, "python-not-allowed", f"This would run the code of {module}", f"--allow-python {module} allows it.")]
        )
        return report.code
    from archdsl.run.importing import CannotImport, Inexpressible, Wanted, imported

    try:
        found = imported(Wanted(module, kind, {name: value_of(text) for name, text in given.args}, tuple(inputs)))
    except CannotImport as error:
        report.say([refusal(given.network, "cannot-import", str(error))])
        return report.code
    except Inexpressible as error:
        report.say([Complaint("inexpressible", error.message, error.span, suggestion=error.suggestion)])
        return report.code
    report.say([only_in_evaluation(place) for place in found.asked])
    target = Source(given.output or "-.arch", "")
    text = write_as(found.file, target)
    if tried(report, found, target.name, text, given.network):
        if given.output:
            files.write(given.output, text, force=given.force)
        else:
            print(text, end="")
    return report.code


def typed(name: str, text: str) -> tree.Input:
    """Read the type of an input as a spec's. Raises Misuse."""
    from archdsl.syntax import read_arch, tree

    complaints = Complaints()
    file = read_arch.read(Source("--input", f"model M {{ input {name}: {text} }}"), complaints)
    found = [each for block in file.statements if isinstance(block, tree.Block) for each in block.body]
    if len(complaints) or len(found) != 1 or not isinstance(found[0], tree.Input) or found[0].type is None:
        raise Misuse(f"--input {name}={text} is no type: image=[3,224,224] and tokens=int64[T] are")
    return found[0]


def value_of(text: str) -> Any:
    """Read an argument as Python's literal; what is none is a text."""
    import ast

    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def refusal(network: str, code: str, message: str, suggestion: str = "") -> Complaint:
    """Say something of the whole network."""
    return Complaint(code, message, Span(Source(network, ""), 0, 0), suggestion=suggestion)


def only_in_evaluation(place: Place) -> Complaint:
    """Warn of what the network does otherwise in training."""
    from archdsl.run.import_errors import span_of

    message = "This asks whether the network is training, and the spec has what it does in evaluation"
    return Complaint(
        "only-in-evaluation", message, span_of(place), suggestion="dropout and batch_norm know it by themselves.", severity="warning"
    )


def tried(report: Report, found: Imported, path: str, text: str, network: str) -> bool:
    """Analyze the spec and try the module that it comes to; say what is wrong at the lines of the user's that it comes from."""
    from archdsl import spec
    from archdsl.run.importing import difference

    complaints = Complaints()
    if spec.resolve(found.file, complaints) is None or not report.say(complaints):
        return report.say(complaints) and False
    program = spec.compile_source(Source(path, text), complaints, traced=True)
    if program is None:
        return report.say(complaints) and False
    wrong = difference(found, spec.emit(program))
    if wrong:
        note = "What this network does is more than archdsl sees; please report it."
        report.say([refusal(network, "import-differs", f"The spec that this comes to is not the same network: {wrong}", note)])
    return not wrong
