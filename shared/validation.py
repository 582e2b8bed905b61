"""What Pydantic found wrong, in the words that people get to read."""

from collections.abc import Mapping
from typing import Any

OF_OURS = {"value_error": "Value error, ", "assertion_error": "Assertion failed, "}
"""What Pydantic puts before the words of a check of ours."""


def why(problem: Mapping[str, Any]) -> str:
    """Return what is wrong with a value: the check's own words, and nothing of the library's before them."""
    return str(problem["msg"]).removeprefix(OF_OURS.get(str(problem["type"]), ""))
