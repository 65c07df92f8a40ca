"""Runs the LALR tables over tokens: what is not in the grammar but in the language is decided here."""

from __future__ import annotations

from archdsl.syntax.arch_tables import ACTIONS, GOTOS, NONTERMINALS, RULES, SIGNS, STARTS, WORDS
from archdsl.syntax.lexer import END, ENTRIES, IF_STATEMENT, NAME, STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from archdsl.syntax.lexer import Tokens

MOST_STACKED = 200
"""How many things may be open at once; each bracket, brace, sign or branch that nests is one or a few."""

_OF_FILES = frozenset(WORDS[word] for word in ("model", "block", "cell", "train", "import", "about", "figure", "reading"))
_NOT_WORDS = frozenset({SIGNS["="], SIGNS[","], SIGNS[":"]})
_OPENERS, _CLOSERS = frozenset({"(", "[", "{"}), frozenset({")", "]", "}"})
_jumps: dict[tuple[int, int, int], int] = {}


class Parser:
    """One reading of one text. `builder` makes the nodes, and `mend` gets the parser past a mistake."""

    def __init__(self, tokens: Tokens, builder: Any, mend: Any) -> None:
        self.tokens = tokens
        self.builder = builder
        self.mend = mend
        self.states: list[int] = []
        self.values: list[Any] = []
        self.begins: list[int] = []
        self.at = 0
        self.decided: list[tuple[int, int]] = []

    def run(self, start: str) -> Any:
        """Return what was read, or None where a mistake could not be passed."""
        kinds, states, values, begins = self.tokens.kinds, self.states, self.values, self.begins
        states.append(STARTS[start])
        builder, methods = self.builder, _methods_of(type(self.builder))
        while True:
            at = self.at
            kind = kinds[at]
            action = ACTIONS[states[-1]].get(kind)
            if action is None:
                if not ACTIONS[states[-1]]:
                    return values[-1]
                if not self._passes(at, kind):
                    return None
                continue
            if action >= 0:
                states.append(action)
                values.append(at)
                begins.append(at)
                self.at = at + 1
                if len(states) > MOST_STACKED and not self.mend(self, deep=True):
                    return None
                continue
            symbol, length, _, keep = RULES[~action]
            method = methods[~action]
            first = begins[-length] if length else at
            value = method(builder, first, [values[i] for i in keep]) if method else values[keep[0]]
            if length:
                del states[-length:], values[-length:], begins[-length:]
            jump = (states[-1], symbol, kind)
            states.append(_jumps.get(jump) or self._jump(jump))
            values.append(value)
            begins.append(first)

    def _passes(self, at: int, kind: int) -> bool:
        """Get past a token that the tables do not know here: decide what it is, or mend the mistake."""
        decided = self._decided(at, -kind) if kind < 0 else None
        if decided is None:
            return bool(self.mend(self))
        self.decided.append((at, kind))
        self.tokens.kinds[at] = decided
        return True

    def _jump(self, jump: tuple[int, int, int]) -> int:
        """Return where a nonterminal leads, past the rules that would only pass it on; and remember it."""
        below, symbol, kind = jump
        state = GOTOS[below][symbol]
        if kind >= 0:
            while (action := ACTIONS[state].get(kind, 0)) < 0 and not RULES[~action][2] and RULES[~action][1] == 1:
                state = GOTOS[below][RULES[~action][0]]
        _jumps[jump] = state
        return state

    def _decided(self, at: int, word: int) -> int | None:
        """Return what a token is whose kind hangs on its place; None where it shows that something is amiss before it."""
        tokens = self.tokens
        if word == IF_STATEMENT:
            return word if self.accepts(word) else WORDS["if"]
        if word == ENTRIES:
            return word if self.accepts(word) else SIGNS["{"]
        if tokens.kinds[at + 1] in _NOT_WORDS:
            return NAME
        if self.accepts(word):
            return None if word in _OF_FILES and self._outdented(at) else word
        follows = tokens.kinds[at + 1]
        if (
            (follows in (NAME, STRING) or follows < 0)
            and tokens.begins_line(at)
            and not tokens.begins_line(at + 1)
            and follows != -IF_STATEMENT
        ):
            return None
        return NAME

    def _outdented(self, at: int) -> bool:
        """Tell whether a token stands no further right than the line that opened the braces around it."""
        tokens = self.tokens
        around = self.open_brackets() if tokens.begins_line(at) else []
        return bool(around) and tokens.column(at) <= tokens.indent(around[-1])

    def accepts(self, kind: int, depth: int | None = None) -> bool:
        """Tell whether a token could really come next, by going through the reductions before it.

        `depth` asks the same of the stack when only that much of it were left.
        """
        states = self.states if depth is None else self.states[:depth]
        level, extra = len(states), [0]
        extra.clear()
        while True:
            row = ACTIONS[extra[-1] if extra else states[level - 1]]
            action = row.get(kind)
            if action is None:
                return not row and kind == END
            if action >= 0:
                return True
            symbol, length, _, _ = RULES[~action]
            gone = min(length, len(extra))
            del extra[len(extra) - gone :]
            level -= length - gone
            extra.append(GOTOS[extra[-1] if extra else states[level - 1]][symbol])

    def expected(self) -> set[int]:
        """Return every kind of token that could come next."""
        return {kind for kind in ACTIONS[self.states[-1]] if self.accepts(kind)}

    def body(self, within: frozenset[int]) -> int:
        """Return how much of the stack is left when the innermost part is given up whose list is among `within`."""
        return next((depth for depth in range(len(self.states), 0, -1) if self.states[depth - 1] in within), 0)

    def open_brackets(self) -> list[int]:
        """Return the tokens that opened something which is still open, outermost first."""
        texts, found = self.tokens.texts, []
        for value in self.values:
            if type(value) is int:
                if texts[value] in _OPENERS:
                    found.append(value)
                elif texts[value] in _CLOSERS:
                    found.pop()
        return found

    def rewind(self, at: int) -> None:
        """Go to a token; what was decided of those from there on is open again."""
        while self.decided and self.decided[-1][0] >= at:
            place, kind = self.decided.pop()
            self.tokens.kinds[place] = kind
        self.at = at

    def cut(self, depth: int) -> None:
        """Forget all of the stack above a depth."""
        del self.states[depth:], self.values[depth - 1 :], self.begins[depth - 1 :]


def _methods_of(builder: type) -> list[Callable[..., Any] | None]:
    """Return for each rule the method of a builder that makes its node; None where the child is passed on."""
    if builder not in _methods:
        _methods[builder] = [getattr(builder, action) if action else None for _, _, action, _ in RULES]
    return _methods[builder]


_methods: dict[type, list[Callable[..., Any] | None]] = {}


def _states_before(*names: str) -> frozenset[int]:
    numbers = {NONTERMINALS.index(name) for name in names}
    return frozenset(state for state, goto in enumerate(GOTOS) if not numbers.isdisjoint(goto))


IN_STATEMENTS = _states_before("statements", "statement")
IN_ENTRIES = _states_before("entries", "entry")
