"""The functions that expressions have beside CEL's own.

Each is charged for what it takes and gives, so that no chain of them, and no loop over them, costs more than the budget of an
evaluation. Pure but for the meter, which belongs to one evaluation of one thread.
"""

import threading
from collections.abc import Callable
from typing import Any

from cel_expr_python import cel

BUDGET = 200_000
"""Characters and items that all functions together may take and give in one evaluation."""
LONGEST = 10_000
"""Characters of a text that a function gives."""
MOST_ITEMS = 1_000

TEXT, WHOLE, TEXTS, ANY = cel.Type.STRING, cel.Type.INT, cel.Type.List(cel.Type.STRING), cel.Type.List(cel.Type.DYN)


class TooMuch(ValueError):
    """A function would take or give more than any field could need."""


class _Meter(threading.local):
    left: int = BUDGET


_METER = _Meter()


def fresh_budget() -> None:
    """Let the next evaluation of this thread spend anew."""
    _METER.left = BUDGET


def _charged(spent: int) -> None:
    _METER.left -= spent + 10
    if _METER.left < 0:
        raise TooMuch("a function is called too often, or with too much")


def _lower(text: str) -> str:
    _charged(len(text))
    return _short(text.lower())


def _upper(text: str) -> str:
    _charged(len(text))
    return _short(text.upper())


def _trim(text: str) -> str:
    _charged(len(text))
    return text.strip()


def _split(text: str, separator: str) -> list[str]:
    _charged(len(text))
    if not separator or text.count(separator) >= MOST_ITEMS:
        raise TooMuch(f"split needs a separator, and gives at most {MOST_ITEMS} items")
    return text.split(separator)


def _join(items: list[Any], separator: str) -> str:
    texts = [_written(item) for item in items if item is not None]
    length = sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0)
    _charged(len(items) + length)
    if length > LONGEST:
        raise TooMuch(f"join gives at most {LONGEST} characters")
    return separator.join(texts)


def _written(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, int | float):
        return str(item)
    raise TooMuch("join needs a list of texts and numbers")


def _replace(text: str, old: str, new: str) -> str:
    length = len(text) + (text.count(old) if old else 0) * len(new)
    _charged(length)
    if not old or length > LONGEST:
        raise TooMuch(f"replace needs a text to look for, and gives at most {LONGEST} characters")
    return text.replace(old, new)


def _substring(text: str, start: int, end: int) -> str:
    _charged(len(text))
    return text[max(start, 0) : max(end, 0)]


def _index_of(text: str, other: str) -> int:
    _charged(len(text))
    return text.find(other)


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise TooMuch(f"a function gives at most {LONGEST} characters")
    return text


def _member(name: str, gives: Any, takes: list[Any], made: Callable[..., Any]) -> Any:
    return cel.FunctionDecl(name, [cel.Overload(f"rollcall_{name}", return_type=gives, parameters=takes, is_member=True, impl=made)])


FUNCTIONS = [
    _member("lower", TEXT, [TEXT], _lower),
    _member("upper", TEXT, [TEXT], _upper),
    _member("trim", TEXT, [TEXT], _trim),
    _member("split", TEXTS, [TEXT, TEXT], _split),
    _member("join", TEXT, [ANY, TEXT], _join),
    _member("replace", TEXT, [TEXT, TEXT, TEXT], _replace),
    _member("substring", TEXT, [TEXT, WHOLE, WHOLE], _substring),
    _member("indexOf", WHOLE, [TEXT, TEXT], _index_of),
]
