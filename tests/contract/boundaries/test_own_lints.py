"""Rules of this project that no linter knows, each with the proof that it bites."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.events import CONTRACTS

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ("shared", "services", "simulators")


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Give the product's modules: path from the root, and what they say."""
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def commits(module: ast.Module) -> list[int]:
    """Return the lines that end a transaction by hand."""
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [call.lineno for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"]


def http_exceptions(module: ast.Module) -> list[int]:
    """Return the lines that name the framework's own error."""
    named = [node for node in ast.walk(module) if isinstance(node, (ast.Name, ast.Attribute, ast.alias))]
    return [node.lineno for node in named if "HTTPException" in {getattr(node, field, None) for field in ("id", "attr", "name")}]


def topics(module: ast.Module) -> list[int]:
    """Return the lines that hold a topic as text."""
    texts = [node for node in ast.walk(module) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text.lineno for text in texts if text.value in CONTRACTS]


RULES = {
    "transactions end in shared": (commits, ("shared/",), "async def f(session):\n    await session.commit()"),
    "errors are domain errors": (
        http_exceptions,
        ("shared/http/", "simulators/"),
        "from fastapi import HTTPException\nraise HTTPException(404)",
    ),
    "topics stand in contracts": (topics, ("shared/events/",), f"TOPIC = {next(iter(CONTRACTS))!r}"),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_product_keeps(rule: str) -> None:
    """Handlers that commit lose events; foreign errors have no remedy; a topic in text outlives its contract."""
    broken, allowed, _ = RULES[rule]
    places = [
        f"{path}:{line}"
        for path, module in modules()
        if not path.startswith(allowed) and "/migrations/" not in path
        for line in broken(module)
    ]
    assert places == []


@pytest.mark.parametrize("rule", RULES)
def test_a_violation_is_found(rule: str) -> None:
    """A rule that finds nothing guards nothing."""
    broken, _, violation = RULES[rule]
    assert broken(ast.parse(violation))


def test_all_of_the_product_is_looked_at() -> None:
    """A folder that moved would pass unseen."""
    seen = [path for path, _ in modules()]
    for package in ("connector", "mapper", "workflow_engine", "api_gateway", "all_in_one", "sophos_central_simulator"):
        assert any(f"/{package}/" in path for path in seen), package
