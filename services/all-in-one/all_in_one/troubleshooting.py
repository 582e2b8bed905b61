"""The document of errors, read from the source: what each class says of itself, and what is said wherever one is raised.

A remedy stands where its error is raised, since only there it is known; so it is not written down a second time here.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import api_gateway
import connector
import mapper
import shared
import shared.errors
import workflow_engine

PACKAGES = (connector, mapper, workflow_engine, api_gateway, shared)
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
SAID_BY = {
    "refused": (0, 1, 2),
    "Refusal": (0, 1, 2),
    "Problem": (0, 2, 3),
    "Refused": (0, 1, 2),
    "refusal": (0, 1, 2),
    "_unusable": (0, 1, 2),
}
"""Where calls that make no error of their own hold a code, a message and a remedy, by place."""
FAMILIES = frozenset(name for name, one in vars(shared.errors).items() if isinstance(one, type) and issubclass(one, shared.errors.AppError))
LEFT_OUT = frozenset({"retry", "lease_lost", "operation_taken_over", "run_not_ours"})
"""Codes that only the services themselves meet."""
PARTS_OF_A_MEANING = 3
ITS_OWN = "What the error's own `remedy` and `fields` say."
OPENING = """# Troubleshooting

Every error has a code, words for people and a remedy; the API gives them as problem details, runs and operations keep them with what
failed. This is the list of all of them, generated from the code by `rollcall docs`. `…` stands for what the error itself names. A
`correlation_id` finds the log lines of all services; a `source_correlation_id` is what the source's own support asks for.

"""


@dataclass(slots=True)
class Entry:
    """What is known of one code."""

    causes: list[str] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)

    def add(self, cause: str | None, remedy: str | None) -> None:
        """Note what one place says."""
        for text, known in ((cause, self.causes), (remedy, self.remedies)):
            if text and text not in known:
                known.append(text)


def entries() -> dict[str, Entry]:
    """Return everything that the source says of each code."""
    found: dict[str, Entry] = defaultdict(Entry)
    modules = {module: ast.parse(path.read_text(encoding="utf-8")) for package in PACKAGES for module, path in _modules(package)}
    classes = _error_classes(modules)
    for code, meaning in classes.values():
        found[code].add(meaning, None)
    for module, tree in modules.items():
        known = _known_in(module, tree, classes)
        _put_in_place(tree)
        for node in ast.walk(tree):
            for code, cause, remedy in (*_said(node, known), *_said_by_itself(node, known), *_said_as_data(node)):
                found[code].add(cause, remedy)
    return {code: entry for code, entry in sorted(found.items()) if code not in LEFT_OUT}


def render_troubleshooting() -> str:
    """Return the document."""
    rows = ["| code | what happened | what to do |", "|---|---|---|"]
    rows += [f"| `{code}` | {_cell(entry.causes)} | {_cell(entry.remedies) or ITS_OWN} |" for code, entry in entries().items()]
    return OPENING + "\n".join(rows) + "\n"


def _modules(package: ModuleType) -> Iterator[tuple[str, Path]]:
    home = Path(str(package.__file__)).parent
    for path in sorted(home.rglob("*.py")):
        yield ".".join((package.__name__, *path.relative_to(home).with_suffix("").parts)), path


def _known_in(module: str, tree: ast.Module, classes: dict[tuple[str, str], tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return (code, cause) of the error classes that a module defines or imports, by the names that they have there."""
    own = {name: meaning for (home, name), meaning in classes.items() if home == module}
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    named = [(alias.asname or alias.name, (str(node.module), alias.name)) for node in imports for alias in node.names]
    return {name: classes[origin] for name, origin in named if origin in classes} | own


def _put_in_place(tree: ast.Module) -> None:
    """Where a text is named before it is used, in a function or beside it, put it where it is used."""
    everywhere = _named(tree.body)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            known = everywhere | _named(list(ast.walk(function)))
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                call.args = [known.get(part.id, part) if isinstance(part, ast.Name) else part for part in call.args]
                for word in call.keywords:
                    word.value = known.get(word.value.id, word.value) if isinstance(word.value, ast.Name) else word.value


def _named(nodes: Sequence[ast.AST]) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and _text(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _error_classes(modules: dict[str, ast.Module]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (code, cause) of each error class by its module and name, but for the families of `shared.errors`."""
    definitions = [(module, node) for module, tree in modules.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    errors = {"AppError"}
    while more := {one.name for _, one in definitions if one.name not in errors and errors & {_name(base) for base in one.bases}}:
        errors |= more
    found = {}
    constants = {name: _text(value) for tree in modules.values() for name, value in _named(tree.body).items()}
    for module, one in definitions:
        code = _own_code(one, constants) if one.name in errors - FAMILIES else None
        if code is not None:
            found[module, one.name] = (code, (ast.get_docstring(one) or "").partition("\n")[0])
    return found


def _own_code(definition: ast.ClassDef, constants: dict[str, str | None]) -> str | None:
    for statement in definition.body:
        targets: list[ast.expr]
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple) and isinstance(statement.value, ast.Tuple):
            targets, values = statement.targets[0].elts, statement.value.elts
        elif isinstance(statement, ast.Assign):
            targets, values = statement.targets, [statement.value]
        else:
            continue
        for target, value in zip(targets, values, strict=True):
            if _name(target) == "code":
                return _text(value) or constants.get(_name(value))
    return None


def _said(node: ast.AST, classes: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str | None, str | None]]:
    """Give (code, cause, remedy) of everything that a piece of the source says about an error."""
    if isinstance(node, ast.Tuple):
        texts = [_text(part) for part in node.elts]
        if len(texts) == PARTS_OF_A_MEANING and texts[1] and (texts[2] or "").endswith("."):
            code = texts[0] or classes.get(_name(node.elts[0]), ("", ""))[0]
            if CODE.fullmatch(code):
                yield code, texts[1], texts[2]
    if not isinstance(node, ast.Call):
        return
    name = _name(node.func)
    named = {word.arg: _text(word.value) for word in node.keywords if word.arg}
    if name in SAID_BY:
        said, cause, remedy = (_text(node.args[place]) if place < len(node.args) else None for place in SAID_BY[name])
        if said and CODE.fullmatch(said):
            yield said, cause or named.get("message"), remedy or named.get("remedy")
    elif name in classes or named.get("code"):
        code = named.get("code") or classes.get(name, ("", ""))[0]
        first = _text(node.args[0]) if node.args else named.get("message")
        if code:
            meaning = classes.get(name, ("", ""))[1]
            yield code, (first or meaning) if named.get("code") else None, named.get("remedy")


def _said_as_data(node: ast.AST) -> Iterator[tuple[str, str | None, str | None]]:
    """Give (code, cause, remedy) of an error that is only ever stored, never raised."""
    if isinstance(node, ast.Dict):
        told = {key.value: _text(value) for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)}
        if CODE.fullmatch(told.get("code") or "") and told.get("message"):
            yield str(told["code"]), told["message"], told.get("remedy")


def _said_by_itself(node: ast.AST, classes: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str | None, str | None]]:
    """Give the remedy of an error that is always the same."""
    if isinstance(node, ast.ClassDef) and node.name in classes:
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and _name(call.func) == "__init__":
                yield classes[node.name][0], None, next((_text(word.value) for word in call.keywords if word.arg == "remedy"), None)


def _text(node: ast.AST) -> str | None:
    """Return a text as it is written; `…` for what is only known when it is said. None for what is no text."""
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.Subscript(value=whole):
            return _text(whole)
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or "…" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (_text(left) or "…") + (_text(right) or "…")
        case ast.IfExp(body=body, orelse=orelse):
            return " / ".join(text for text in (_text(body), _text(orelse)) if text) or None
        case _:
            return None


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _cell(texts: list[str]) -> str:
    cleaned = [" ".join(text.split()).replace("|", "\\|").removeprefix(": ").removeprefix(", ") for text in texts]
    return "<br>".join(dict.fromkeys(cleaned))
