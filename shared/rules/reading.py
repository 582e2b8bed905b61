"""Reading a rule that somebody sent, and saying what is wrong with one: where in the rule, and what to do about it."""

import difflib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared.api.base import Gap
from shared.errors import Invalid
from shared.rules.model import DEEPEST, MOST_CONDITIONS, MOST_VALUES, Operator, Rule, too_large
from shared.validation import steps_in, why

RULE: TypeAdapter[Any] = TypeAdapter(Rule)
MOST_PROBLEMS = 20
SMALLER = f"A rule holds at most {MOST_CONDITIONS} conditions, {MOST_VALUES} values in lists, and {DEEPEST} levels of groups within groups."
SHAPE = 'Send a condition such as {"field": "email", "operator": "is_empty"}, or a group {"all": [...]}, {"any": [...]}, {"not": ...}.'


class BadRule(Invalid):
    """A rule cannot be used; each problem is named in `fields` with its place in the rule."""

    code = "bad_rule"


def read_rule(given: Any, *, place: str) -> Any:
    """Return the rule that was sent as JSON values under the name `place`. Raises `BadRule`."""
    if (excess := too_large(given)) is not None:
        raise bad_rule([Gap(field=place, message=excess, remedy=SMALLER)], place=place)
    try:
        return RULE.validate_python(given)
    except ValidationError as error:
        raise bad_rule(gaps_of(error, given, place=place), place=place) from None


def bad_rule(gaps: Sequence[Gap], *, place: str) -> BadRule:
    """Return the error that says all of it."""
    told = "; ".join(f"{gap.field} {gap.message}" for gap in gaps[:3])
    fields = [gap.model_dump() for gap in gaps[:MOST_PROBLEMS]]
    return BadRule(f"the {place} is not a rule that can be used: {told}", remedy=gaps[0].remedy, fields=fields)


def gaps_of(error: ValidationError, given: Any, *, place: str) -> list[Gap]:
    """Return what is wrong with JSON values that hold rules, each place as it stands in the JSON."""
    problems = error.errors(include_url=False)
    return [
        Gap(
            field=path_of((place,), steps_in(problem["loc"], given, missing=problem["type"] == "missing")),
            message=_message(problem),
            remedy=_remedy(problem),
        )
        for problem in problems[:MOST_PROBLEMS]
    ]


def path_of(*steps: Sequence[str | int]) -> str:
    """Return a place in JSON as it is told: `filter.all.0.value`."""
    return ".".join(str(step) for some in steps for step in some)


def _message(problem: ErrorDetails) -> str:
    if problem["type"] == "literal_error" and problem["loc"][-1] == "operator":
        near = difflib.get_close_matches(str(problem["input"])[:50], get_args(Operator), n=1)
        return "is not an operator" + (f"; did you mean {near[0]}?" if near else "")
    return MESSAGES.get(problem["type"], why(problem))


def _remedy(problem: ErrorDetails) -> str:
    if problem["loc"] and problem["loc"][-1] == "operator":
        return f"Use one of: {', '.join(get_args(Operator))}."
    return "Remove it." if problem["type"] == "extra_forbidden" else SHAPE if problem["type"] in NO_SHAPE else "Correct this place."


NO_SHAPE = {"model_type", "union_tag_invalid", "union_tag_not_found", "missing"}
MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "model_type": "is neither a condition nor a group",
}
