"""Computed fields made ready: an expression, or a value that goes through steps. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from mapper.expressions.expressions import Expression
from mapper.transformations.paths import at_path
from mapper.transformations.steps import transforming
from shared.api.mapped_from import FromExpression, FromInput, FromSource, MappedFrom

Compute = Callable[[Mapping[str, Any], Mapping[str, str]], Any]
"""From a record and the integration's inputs to a value; raises nothing but `StepFailed`."""


def compute_of(source: MappedFrom) -> Compute | None:
    """Return what computes the value; None where there is nothing to compute. Raises `ValueError` for what cannot be used."""
    start: Compute
    match source:
        case FromExpression(expression=expression):
            start = Expression(expression).of
        case FromSource(path=path, steps=[_, *_]):
            keys = tuple(path)
            start = lambda record, _inputs: at_path(record, keys)  # noqa: E731 - one of three ways to begin
        case FromInput(key=key, steps=[_, *_]):
            start = lambda _record, inputs: inputs.get(key)  # noqa: E731 - one of three ways to begin
        case _:
            return None
    if not source.steps:
        return start
    transform = transforming(source.steps)
    return lambda record, inputs: transform(start(record, inputs), record)
