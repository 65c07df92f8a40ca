"""Breaks a line of Python where `ruff format` would."""

from __future__ import annotations

WIDTH = 88
"""The formatter's default."""

_OPEN, _CLOSE = "([{", ")]}"
_LEVELS = (
    (" or ",),
    (" and ",),
    (" in ", " not in ", " is not ", " is ", " == ", " != ", " < ", " <= ", " > ", " >= "),
    (" + ", " - "),
    (" * ", " / ", " // ", " % ", " @ "),
)


def wrap(text: str, indent: int = 0) -> list[str]:
    """Return a statement's lines, indented."""
    pad = " " * indent
    if _fits(text, indent):
        return [pad + text]
    head, expr, tail = _parts(text)
    if not expr:
        return [pad + text]
    if head.startswith(("def ", "class ", "for ")):
        return _bracketed(head, expr, tail, indent) or [pad + text]
    items = split(expr, ", ")
    if len(items) > 1 and not head.startswith("import"):
        return _exploded(head + "(", items, ")" + tail, indent, comma=True)
    return _expression(head, expr, tail, indent, parenthesize=True)


def _parts(text: str) -> tuple[str, str, str]:
    """Part a statement into what stands before its expression, the expression, and a colon."""
    tail = ":" if text.endswith(":") else ""
    body = text[: len(text) - len(tail)]
    for word in ("return ", "if ", "elif ", "while ", "yield ", "assert "):
        if body.startswith(word):
            return word, body[len(word) :], tail
    if body.startswith(("def ", "class ", "for ")):
        word = body.split(" ")[0] + " "
        return word, body[len(word) :], tail
    for sign in (" = ", " += ", " -= ", " *= "):
        pieces = split(body, sign)
        if len(pieces) > 1:
            head = sign.join(pieces[:-1]) + sign
            return head, pieces[-1], tail
    return "", body, tail


def _expression(head: str, expr: str, tail: str, indent: int, *, parenthesize: bool) -> list[str]:
    """Lay out an expression that does not fit: broken in its last bracket, at its operators, or in parentheses."""
    pad = " " * indent
    operands = _operands(expr)
    if len(operands) > 1:
        bracketed = _bracketed(head, expr, tail, indent) if len(operands) == 2 and parenthesize else None
        if bracketed is not None and len(bracketed[0]) <= WIDTH and operands[1].split(" ", 1)[0] not in ("or", "and"):
            return bracketed
        if not parenthesize:
            return (
                [
                    line
                    for operand in operands
                    for line in _expression("", operand, tail if operand is operands[-1] else "", indent, parenthesize=False)
                ]
                if not _fits(head + expr + tail, indent)
                else [pad + head + expr + tail]
            )
        inner = [line for operand in operands for line in _nested(operand, indent + 4)]
        whole = " " * (indent + 4) + expr
        return [f"{pad}{head}(", *([whole] if len(whole) <= WIDTH else inner), f"{pad}){tail}"]
    if _fits(head + expr + tail, indent):
        return [pad + head + expr + tail]
    links = _links(expr)
    if len(links) > 2 and parenthesize:
        return [f"{pad}{head}(", *[line for link in links for line in _link(link, indent + 4)], f"{pad}){tail}"]
    return _bracketed(head, expr, tail, indent) or [pad + head + expr + tail]


def _nested(operand: str, indent: int) -> list[str]:
    return [" " * indent + operand] if _fits(operand, indent) else _bracketed("", operand, "", indent) or [" " * indent + operand]


def _link(link: str, indent: int) -> list[str]:
    return _nested(link, indent)


def _bracketed(head: str, expr: str, tail: str, indent: int) -> list[str] | None:
    """Break in the last bracket that leaves a head which fits; None where the expression does not end in one."""
    if expr[-1:] not in _CLOSE or not expr:
        return None
    found: list[str] | None = None
    for start, end in reversed(_brackets(expr)):
        if end == start + 1:
            continue
        lines = _broken(head, expr, tail, indent, start, end)
        if found is None:
            found = lines
        if len(lines[0]) <= WIDTH and len(lines[-1]) <= WIDTH:
            return lines
    return found


def _broken(head: str, expr: str, tail: str, indent: int, start: int, end: int) -> list[str]:
    before, inner, close = head + expr[: start + 1], expr[start + 1 : end], expr[end:] + tail
    items = split(inner.rstrip(","), ", ")
    atom = start == 0 or not _is_name(expr[start - 1])
    generator = len(items) == 1 and len(split(items[0], " for ")) > 1
    pad = " " * indent
    if generator:
        return [f"{pad}{before}", *_comprehension(items[0], indent + 4), f"{pad}{close}"]
    if inner.endswith(",") or (atom and len(items) > 1):
        return _exploded(before, items, close, indent, comma=True)
    flat = " " * (indent + 4) + inner
    if len(flat) <= WIDTH and not _forced(inner):
        return [pad + before, flat, pad + close]
    return _exploded(before, items, close, indent, comma=len(items) > 1)


def _brackets(expr: str) -> list[tuple[int, int]]:
    """Return where the brackets at the top of an expression open and close."""
    found: list[tuple[int, int]] = []
    start = 0
    for place, letter, depth in scan(expr):
        if letter in _OPEN and depth == 1:
            start = place
        elif letter in _CLOSE and depth == 1:
            found.append((start, place))
    return found


def _is_name(letter: str) -> bool:
    return letter.isalnum() or letter in "_])"


def _exploded(before: str, items: list[str], close: str, indent: int, *, comma: bool) -> list[str]:
    """Write the entries of a bracket one a line."""
    pad = " " * indent
    lines = [pad + before]
    for item in items:
        lines += _entry(item, "," if comma else "", indent + 4)
    return [*lines, pad + close]


def _entry(item: str, tail: str, indent: int) -> list[str]:
    if _fits(item + tail, indent):
        return [" " * indent + item + tail]
    keyword = split(item, "=", once=True)
    head = keyword[0] + "=" if len(keyword) == 2 and keyword[0].isidentifier() else ""
    key = split(item, ": ", once=True)
    if not head and len(key) == 2:
        head = key[0] + ": "
    star = "*" if item.startswith("*") else ""
    head = head or star
    return _expression(head, item[len(head) :], tail, indent, parenthesize=False)


def _comprehension(text: str, indent: int) -> list[str]:
    """Write a comprehension on one line, or broken before each `for` and `if`."""
    if _fits(text, indent):
        return [" " * indent + text]
    element, *clauses = split(text, " for ")
    lines = _entry(element, "", indent)
    for clause in clauses:
        parts = split(clause, " if ")
        lines += [f"{' ' * indent}for {parts[0]}", *[f"{' ' * indent}if {part}" for part in parts[1:]]]
    return lines


def _operands(expr: str) -> list[str]:
    """Split at the operators that bind loosest; each operand but the first begins with its operator."""
    conditional = split(expr, " if ")
    if len(conditional) == 2:
        then, (condition, otherwise) = conditional[0], split(conditional[1], " else ", once=True)
        return [then, f"if {condition}", f"else {otherwise}"]
    for level in _LEVELS:
        found = _split_any(expr, level)
        if len(found) > 1:
            return found
    return [expr]


def _split_any(expr: str, operators: tuple[str, ...]) -> list[str]:
    pieces, start = [], 0
    for place in _top(expr):
        operator = next((op for op in operators if expr.startswith(op, place)), None)
        if operator is not None and place > start:
            pieces.append(expr[start:place])
            start = place + 1
    return [*pieces, expr[start:]]


def _links(expr: str) -> list[str]:
    """Split a chain of method calls before each dot that follows a call; plain attributes stay together."""
    places = [place for place in _top(expr) if expr[place] == "." and place and expr[place - 1] in ")]"]
    ends = [0, *places, len(expr)]
    return [expr[start : ends[number + 1]] for number, start in enumerate(ends[:-1])]


def _fits(text: str, indent: int) -> bool:
    return indent + len(text) <= WIDTH and not _forced(text)


def _forced(text: str) -> bool:
    """Whether a bracket in it has a comma behind its last entry, but for a tuple of one."""
    opened: list[tuple[int, int]] = []
    for place, letter, _ in scan(text):
        if letter in _OPEN:
            opened.append((place, 0))
        elif letter == "," and opened:
            opened[-1] = (opened[-1][0], opened[-1][1] + 1)
        elif letter in _CLOSE and opened:
            start, commas = opened.pop()
            alone = letter == ")" and commas == 1 and not (start and _is_name(text[start - 1]))
            if text[place - 1] == "," and not alone:
                return True
    return False


def split(text: str, separator: str, *, once: bool = False) -> list[str]:
    """Split at a separator that stands in no bracket and no string."""
    pieces, start = [], 0
    for place in _top(text):
        if place >= start and text.startswith(separator, place):
            pieces.append(text[start:place])
            start = place + len(separator)
            if once:
                break
    return [*pieces, text[start:]]


def _top(text: str) -> list[int]:
    return [place for place, letter, depth in scan(text) if depth == 0 and letter not in _CLOSE]


def scan(text: str) -> list[tuple[int, str, int]]:
    """Return place, character and depth of all that is in no string; a bracket counts to its own inside."""
    found: list[tuple[int, str, int]] = []
    depth, quote, place = 0, "", 0
    while place < len(text):
        letter = text[place]
        if quote:
            if letter == "\\":
                place += 1
            elif letter == quote:
                quote = ""
        elif letter in "\"'":
            quote = letter
        else:
            if letter in _OPEN:
                depth += 1
            found.append((place, letter, depth))
            if letter in _CLOSE:
                depth -= 1
        place += 1
    return found
