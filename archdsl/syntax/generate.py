"""Writes the parsing tables of `grammar/arch.lark` to `arch_tables.py`; for developers, not at run time.

    python -m archdsl.syntax.generate

Lark reads the grammar and builds the LALR(1) tables; here they are numbered in an order that depends
on the grammar alone, so that the same grammar gives the same bytes, and equal rows are written once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

GRAMMAR = Path(__file__).parents[2] / "grammar" / "arch.lark"
TABLES = Path(__file__).with_name("arch_tables.py")
STARTS = ["file", "expression_alone", "signature_alone", "type_alone", "names_alone"]

HEADER = '''"""The LALR(1) tables of the `.arch` grammar. Generated; change `grammar/arch.lark` instead.

    python -m archdsl.syntax.generate
"""

# fmt: off
# ruff: noqa: E501
from __future__ import annotations

'''


def main() -> None:
    """Write the tables."""
    TABLES.write_text(generate(GRAMMAR.read_text()))


def generate(grammar: str) -> str:
    """Return the source of `arch_tables.py` for a grammar; a conflict in it is a lark error."""
    from lark.common import ParserConf
    from lark.load_grammar import load_grammar
    from lark.parsers.lalr_analysis import LALR_Analyzer, Shift

    compiled, _ = load_grammar(grammar, GRAMMAR.name, [], global_keep_all_tokens=False)  # type: ignore[no-untyped-call]
    definitions, rules, _ = compiled.compile(STARTS, "*")
    analyzer = LALR_Analyzer(ParserConf(rules, {}, STARTS), strict=True)
    analyzer.compute_lalr()  # type: ignore[no-untyped-call]
    states, starts = _numbered(analyzer.parse_table)
    number_of = {rule: number for number, rule in enumerate(rules)}
    lexemes = {terminal.name: _spellings(terminal.pattern) for terminal in definitions}
    terminals = ["$END", *sorted({symbol for row in states for symbol in row if symbol.isupper() or symbol.startswith("__")} - {"$END"})]
    nonterminals = sorted({str(rule.origin.name) for rule in rules})
    actions = [
        {
            terminals.index(symbol): goal if action is Shift else ~number_of[goal]
            for symbol, (action, goal) in row.items()
            if symbol in terminals
        }
        for row in states
    ]
    gotos = [{nonterminals.index(symbol): goal for symbol, (_, goal) in row.items() if symbol in nonterminals} for row in states]
    words, spellings = _words_apart({text: terminals.index(name) for name, texts in lexemes.items() for text in texts if name in terminals})
    return HEADER + "\n".join(
        [
            f"TERMINALS: tuple[str, ...] = {tuple('/'.join(lexemes.get(name) or [name]) for name in terminals)!r}",
            f"NONTERMINALS: tuple[str, ...] = {tuple(nonterminals)!r}",
            f"SIGNS: dict[str, int] = {spellings!r}",
            f"WORDS: dict[str, int] = {words!r}",
            f"STARTS: dict[str, int] = { {name: starts[name] for name in STARTS}!r}",
            "# For each rule: its nonterminal, its length, its action (empty: pass the child on) and the children kept.",
            f"RULES: tuple[tuple[int, int, str, tuple[int, ...]], ...] = {tuple(_rule(rule, nonterminals) for rule in rules)!r}",
            "# For each state: what a terminal leads to (a state to shift to, or ~rule to reduce by), and a nonterminal.",
            *_rows("ACTIONS", actions),
            *_rows("GOTOS", gotos),
            "",
        ]
    )


def _numbered(table: Any) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the rows breadth first, since lark numbers states in the order of sets; and where each start is."""
    from lark.parsers.lalr_analysis import Shift

    number = {table.start_states[start]: index for index, start in enumerate(STARTS)}
    queue = list(number)
    for state in queue:
        row = table.states[state]
        for symbol in sorted(row):
            action, goal = row[symbol]
            if action is Shift and goal not in number:
                number[goal] = len(number)
                queue.append(goal)
    rows = []
    for state in queue:
        row = table.states[state]
        rows.append({symbol: (action, number[goal] if action is Shift else goal) for symbol, (action, goal) in sorted(row.items())})
    return rows, {start: number[table.start_states[start]] for start in STARTS}


def _spellings(pattern: Any) -> list[str]:
    """Return the texts of a terminal: one, or the alternatives of a plain alternation."""
    if pattern.type == "str":
        return [pattern.value]
    return [text.replace("\\", "") for text in pattern.value.removeprefix("(?:").removesuffix(")").split("|")]


def _words_apart(numbers: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Return words and signs, each with its terminal."""
    words = {text: number for text, number in sorted(numbers.items()) if text.isalpha()}
    return words, {text: number for text, number in sorted(numbers.items()) if not text.isalpha()}


def _rule(rule: Any, nonterminals: list[str]) -> tuple[int, int, str, tuple[int, ...]]:
    """Return a rule as the driver wants it: children are counted from the end, as on its stack."""
    length = len(rule.expansion)
    keep = tuple(
        at - length
        for at, symbol in enumerate(rule.expansion)
        if rule.options.keep_all_tokens or not (symbol.is_term and symbol.filter_out)
    )
    passes = rule.options.expand1 and not rule.alias and len(keep) == 1
    return nonterminals.index(rule.origin.name), length, "" if passes else str(rule.alias or rule.origin.name), keep


def _rows(name: str, rows: list[dict[int, int]]) -> list[str]:
    """Write rows as a list; a row that has been written already is named again."""
    lines: list[str] = []
    names: dict[tuple[tuple[int, int], ...], str] = {}
    for row in rows:
        key = tuple(sorted(row.items()))
        if key not in names:
            names[key] = f"{name[0]}{len(names)}"
            lines.append(f"{names[key]}: dict[int, int] = " + repr(dict(key)).replace(" ", ""))
    return [*lines, f"{name}: list[dict[int, int]] = [{','.join(names[tuple(sorted(row.items()))] for row in rows)}]"]


if __name__ == "__main__":
    main()
