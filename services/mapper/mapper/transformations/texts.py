"""Values as transformations see them: what is empty, what is a text, how long a result may be. Pure."""

from collections.abc import Callable
from typing import Any

from mapper.fields.values import DoesNotFit, fitted
from mapper.transformations.failing import StepFailed

LONGEST = 10_000
"""Characters of a text between two steps: no step can make one grow beyond it."""
MOST_ITEMS = 1_000

Made = Callable[[str], Any]


def is_empty(value: Any) -> bool:
    """Return whether a value counts as missing."""
    return value is None or value in ("", [])


def text_of(value: Any) -> str:
    """Return a value as a text field would keep it. Raises `StepFailed` for objects, lists, and what is too long."""
    if isinstance(value, str):
        return short(value)
    try:
        return str(fitted(value, "text"))
    except DoesNotFit as error:
        raise StepFailed(f"needs a text, and the value {error}") from None


def short(text: str) -> str:
    """Return the text. Raises `StepFailed` when it is longer than any field could need."""
    if len(text) > LONGEST:
        raise StepFailed(f"gives or takes a text of more than {LONGEST} characters")
    return text


def few(items: list[Any]) -> list[Any]:
    """Return the items. Raises `StepFailed` when there are more than any field could need."""
    if len(items) > MOST_ITEMS:
        raise StepFailed(f"gives or takes a list of more than {MOST_ITEMS} items")
    return items


def each_text(made: Made) -> Callable[[Any], Any]:
    """Return what applies `made` to a text, or to each text of a list; what is empty stays so, or leaves the list."""

    def step(value: Any) -> Any:
        if is_empty(value):
            return None
        if isinstance(value, list):
            return [given for item in few(value) if not is_empty(item) and (given := made(text_of(item))) is not None]
        return made(text_of(value))

    return step
