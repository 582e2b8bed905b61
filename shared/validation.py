"""What Pydantic found wrong, in the words and with the places that people get to read."""

from collections.abc import Mapping, Sequence
from typing import Any

OF_OURS = {"value_error": "Value error, ", "assertion_error": "Assertion failed, "}
"""What Pydantic puts before the words of a check of ours."""


def why(problem: Mapping[str, Any]) -> str:
    """Return what is wrong with a value: the check's own words, and nothing of the library's before them."""
    return str(problem["msg"]).removeprefix(OF_OURS.get(str(problem["type"]), ""))


def steps_in(loc: Sequence[int | str], document: Any, *, missing: bool) -> list[int | str]:
    """Return the keys and places that lead to an error of Pydantic's.

    Its own `loc` also names the kinds that a part was taken for, which the document has nowhere. `missing`: the last step
    names what should be there.
    """
    steps: list[int | str] = []
    for number, step in enumerate(loc, 1):
        is_there = step in document if isinstance(document, dict) else isinstance(document, list) and step in range(len(document))
        if not is_there and not (missing and number == len(loc)):
            continue
        steps.append(step)
        document = document[step] if is_there else None
    return steps
