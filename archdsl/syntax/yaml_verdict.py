"""Says what the published schema has against a source, at the places where nothing was said yet."""

from __future__ import annotations

from archdsl.syntax import complaints_yaml as say
from archdsl.syntax.yaml_expressions import found_in
from archdsl.syntax.yaml_nodes import Faulty, Mapping, Sequence, plain_data
from archdsl.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.syntax.yaml_expressions import Vocabulary
    from archdsl.syntax.yaml_nodes import Node
    from archdsl.text.complaint import Complaints
    from archdsl.text.source import Source


def judge(source: Source, root: Node, vocabulary: Vocabulary, complaints: Complaints) -> None:
    """Complain of what the schema rejects, unless a complaint stands there already: one mistake, one complaint.

    Whether a constant is of its argument's kind is left to the analysis, which knows what names stand for.
    """
    if vocabulary.judge is None:
        return
    said = [
        (complaint.span.start, max(complaint.span.end, complaint.span.start + 1))
        for complaint in complaints
        if complaint.span.source is source
    ]
    for path, keyword, allowed, message in vocabulary.judge(plain_data(root)):
        if keyword in ("type", "enum") and any(step in vocabulary.names for step in path[-3:]):
            continue
        node, start, owner = _at(root, path, keyword)
        end = max(node.end, start + 1)
        if isinstance(node, Faulty) or any(start < stop and begin < end for begin, stop in said):
            continue
        where = f"`{owner}`" if owner else "a spec"
        found = path[-1] if keyword == "additionalProperties" else found_in(node)
        complaints.add(say.schema_says(Span(source, start, max(start, node.end)), where, keyword, allowed, str(found), message))


def _at(root: Node, path: tuple[str | int, ...], keyword: str) -> tuple[Node, int, str]:
    """Return the node that a path leads to, where the complaint begins, and the key that it stands under.

    The path of an unknown key ends with that key, and leads to the key itself.
    """
    node, owner, start = root, "", root.start
    for place, step in enumerate(path, 1):
        if isinstance(node, Mapping):
            key, value = node.found[str(step)]
            if keyword == "additionalProperties" and place == len(path):
                return key, key.start, owner
            node, owner, start = value, str(step), value.start if value.end > value.start and keyword != "required" else key.start
        elif isinstance(node, Sequence):
            node = node.items[int(step)]
            start = node.start
    return node, start, owner
