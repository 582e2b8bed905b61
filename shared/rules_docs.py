"""The generated document of the operators."""

from shared.rules.operators import HOLDS_ON_EMPTY, OPERANDS, OPERATORS, TITLES, TYPE_TITLES


def render_operators() -> str:
    """Return the document as Markdown."""
    lines = [
        "# Operators of rules",
        "",
        "Generated from the code by `rollcall docs`. What a rule is and where it is used: [rules.md](rules.md).",
    ]
    for data_type, operators in OPERATORS.items():
        lines += ["", f"## `{data_type}`", "", f"{TYPE_TITLES[data_type]}.", ""]
        lines += ["| operator | | compared with | for example | an empty field |", "|---|---|---|---|---|"]
        for operator, kind in operators.items():
            empty = "holds" if operator in HOLDS_ON_EMPTY else "does not hold"
            example = f"`{OPERANDS[kind].example}`".replace(", {", "`, `{").replace(" or {", "` or `{") if OPERANDS[kind].example else ""
            title = TITLES[operator].replace("<", "\\<").replace(">", "\\>")
            lines.append(f"| `{operator}` | {title} | {OPERANDS[kind].title} | {example} | {empty} |")
    return "\n".join(lines) + "\n"
