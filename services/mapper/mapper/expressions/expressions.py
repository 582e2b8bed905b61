"""Expressions made ready. What they may say is bounded when they are stored, what they meet when they run. Pure.

CEL has no recursion, no assignment and no unbounded loop. What is left to bound is growth: nesting is at most 32 deep, functions
have a budget (`functions`), and an expression loops at most once, without `+` then, which could double what it takes.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cel_expr_python import cel

from mapper.expressions.functions import FUNCTIONS, fresh_budget
from mapper.expressions.measuring import require_computable
from mapper.fields.values import is_storable, moment
from mapper.transformations.failing import StepFailed
from mapper.transformations.kinds import Kind

LOOPS = ("all", "exists", "exists_one", "map", "filter")
REFUSED = {"matches": "the transformation extract", "timestamp": "the transformation date"}
"""What an expression may not call, and what does it instead."""
MISSING = ("NOT_FOUND: Key not found", "UNKNOWN: Index error", "INVALID_ARGUMENT: Applying SELECT to non-message type")
"""Beginnings of errors that say: there is nothing at this place of the record. Missing is empty, at any depth."""
TELLING = (
    "No matching overloads found",
    "divide by zero",
    "Iteration budget",
    "integer overflow",
    "cannot convert",
    "split ",
    "join ",
    "replace ",
    "a function ",
)
"""Beginnings of errors that may be repeated: they name types and functions, and no value of the record."""
KINDS: dict[str, Kind] = {
    "STRING": "text",
    "INT": "number",
    "UINT": "number",
    "DOUBLE": "number",
    "BOOL": "boolean",
    "TIMESTAMP": "datetime",
    "DYN": "any",
    "NULL": "any",
}

ENVIRONMENT = cel.NewEnv(
    variables={"record": cel.Type.Map(cel.Type.STRING, cel.Type.DYN), "inputs": cel.Type.Map(cel.Type.STRING, cel.Type.STRING)},
    functions=FUNCTIONS,
)

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REASON = re.compile(r"^[A-Z_]+: ")


class Expression:
    """One expression, ready for records."""

    def __init__(self, source: str) -> None:
        """Raise `ValueError`, which says what is wrong, for an expression that cannot be used."""
        self._looped = _require_bounded(source)
        try:
            self._compiled = ENVIRONMENT.compile(source)
        except (RuntimeError, ValueError, TypeError) as error:
            raise ValueError(_why(error)) from None
        self.kind = _kind(self._compiled.return_type().name())
        """What it gives, as far as that can be told without a record."""

    def of(self, record: Mapping[str, Any], inputs: Mapping[str, str]) -> Any:
        """Return the value for a record; what is missing in it is empty. Raises nothing but `StepFailed`."""
        require_computable(record, looped=self._looped)
        require_computable(inputs, looped=self._looped)
        fresh_budget()
        try:
            found = self._compiled.eval(data={"record": dict(record), "inputs": dict(inputs)})
            failed = found.type() == cel.Type.ERROR
            value = found.plain_value()
        except (RuntimeError, ValueError, TypeError, ArithmeticError, MemoryError) as error:
            raise StepFailed(f"cannot be computed: {_repeatable(str(error))}") from None
        if not failed:
            return _given(value)
        if value.startswith(MISSING):
            return None
        raise StepFailed(f"cannot be computed: {_repeatable(value)}")


def _require_bounded(source: str) -> bool:
    """Return whether the expression loops. Raises `ValueError` for one whose cost could not be told."""
    if not is_storable(source):
        raise ValueError("it holds characters that cannot be stored")
    words = _WORD.findall(source)
    for word, instead in REFUSED.items():
        if word in words:
            raise ValueError(f"{word} cannot be used, nor the word written; use {instead}")
    loops = [word for word in words if word in LOOPS]
    if len(loops) > 1:
        raise ValueError(f"it may hold one of the words {', '.join(LOOPS)}, once: loops within loops have no bound")
    if loops and "+" in source:
        raise ValueError(f"it may not hold both {loops[0]} and +; write [a, b].join(' ') in place of a + ' ' + b")
    return bool(loops)


def _why(error: Exception) -> str:
    """Return the first line of what the compiler says, without its own prefixes."""
    line = str(error).split("\n", 1)[0]
    return re.sub(r"^(INVALID_ARGUMENT: |CANCELLED: )?(ERROR: <input>:)?", "", line)[:300]


def _kind(name: str) -> Kind:
    if name.startswith("LIST"):
        return "list"
    if name in KINDS:
        return KINDS[name]
    raise ValueError(f"it gives a {name.lower()}, which no field can hold")


def _given(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value.isoformat())
    if value is None or isinstance(value, str | bool | int | float | list | dict):
        return value
    raise StepFailed("gives what no field can hold")


def _repeatable(text: str) -> str:
    bare = _REASON.sub("", text)
    return bare[:200] if bare.startswith(TELLING) else "it does not suit what the record holds"
