"""What steps make of what, told before any record is seen: a chain that could only ever fail is refused when it is stored. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mapper.transformations.steps import made_ready
from shared.api.fields import DataType
from shared.api.transformations import Default, Item, Join, MapValues, Step

Kind = Literal["any", "text", "number", "boolean", "datetime", "list"]

GIVES: dict[str, Kind] = {
    "split": "list",
    "pluck": "list",
    "join": "text",
    "item": "any",
    "map_values": "any",
    "first_of": "any",
}
"""What a step gives whatever it takes; other steps on texts give what they take, a list for a list."""
OF_TEXTS: dict[str, Kind] = {
    "trim": "text",
    "case": "text",
    "extract": "text",
    "replace": "text",
    "hash": "text",
    "date": "datetime",
    "number": "number",
}
NEEDS_LIST = {"item", "pluck"}
NEEDS_ONE = {"split", "number"}
# No source knows the ids of our people.
FITS: dict[DataType, frozenset[Kind]] = {
    "text": frozenset({"any", "text", "number", "boolean", "datetime"}),
    "datetime": frozenset({"any", "text", "datetime"}),
    "number": frozenset({"any", "number"}),
    "boolean": frozenset({"any", "text", "boolean"}),
    "text_list": frozenset({"any", "list"}),
    "person": frozenset(),
}
REMEDIES: dict[Kind, str] = {
    "list": "Add a step join, or item to take one of the list.",
    "text": "Add the step that makes the type: number, date, or split for a list.",
    "datetime": "Map a date to a field of type datetime or text.",
    "number": "Map a number to a field of type number or text.",
    "boolean": "Map yes or no to a field of type boolean or text.",
}


@dataclass(frozen=True, slots=True)
class StepProblem:
    """What is wrong with a chain: at which step (counted from 1; none: at its end), and what to do."""

    step: int | None
    message: str
    remedy: str


def problems_of(start: Kind, steps: Sequence[Step], data_type: DataType) -> Iterator[StepProblem]:
    """Tell what could only ever fail: steps that cannot be used or do not follow one another, and an end that does not fit the field."""
    kind = start
    for place, step in enumerate(steps, start=1):
        try:
            made_ready(step)
        except ValueError as error:
            yield StepProblem(place, str(error), f"Correct the step {step.op}.")
        if kind in {"text", "number", "boolean", "datetime"} and step.op in NEEDS_LIST:
            yield StepProblem(
                place, f"{step.op} needs a list, and what comes before gives a {kind}", "Split the text first, or leave the step out."
            )
        if kind == "list" and step.op in NEEDS_ONE:
            yield StepProblem(
                place, f"{step.op} needs one value, and what comes before gives a list", "Take one with item, or join the list first."
            )
        kind = _after(step, kind)
    if kind not in FITS[data_type]:
        yield StepProblem(None, f"it gives a {kind}, and the field is of type {data_type}", REMEDIES[kind])


def _after(step: Step, kind: Kind) -> Kind:
    if step.op in OF_TEXTS:
        return kind if kind == "list" else "any" if kind == "any" and OF_TEXTS[step.op] != "number" else OF_TEXTS[step.op]
    if isinstance(step, Default):
        return _kind_of(step.value) if kind == _kind_of(step.value) else "any"
    if isinstance(step, MapValues | Item | Join):
        return "list" if isinstance(step, MapValues) and kind == "list" else GIVES[step.op]
    return GIVES[step.op]


def _kind_of(value: object) -> Kind:
    return "boolean" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"
