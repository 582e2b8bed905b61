"""Whether a record is small enough to compute with: the cost of an expression grows with what it is given. Pure."""

from collections.abc import Mapping
from typing import Any

from mapper.fields.values import is_storable
from mapper.transformations.failing import StepFailed

MOST_VALUES = 5_000
MOST_CHARACTERS = 64_000
LONGEST_LOOPED_LIST = 200
"""Items of a list in a record whose expression loops."""


def require_computable(record: Mapping[str, Any], *, looped: bool) -> None:
    """Raise `StepFailed` when a record is too large for an expression, or holds what the language cannot hold."""
    values = characters = 0
    waiting: list[Any] = [record]
    while waiting:
        value = waiting.pop()
        values += 1
        if isinstance(value, str):
            characters += len(value)
            if not is_storable(value):
                raise StepFailed("meets characters that cannot be stored")
        elif isinstance(value, Mapping):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            if looped and len(value) > LONGEST_LOOPED_LIST:
                raise StepFailed(f"loops, and the record has a list of more than {LONGEST_LOOPED_LIST} items")
            waiting.extend(value)
        if values + len(waiting) > MOST_VALUES or characters > MOST_CHARACTERS:
            raise StepFailed(f"needs a record of at most {MOST_VALUES} values and {MOST_CHARACTERS} characters")
