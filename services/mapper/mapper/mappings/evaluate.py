"""Evaluating a mapping: from one raw record to field values, or to the reason why not. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mapper.fields.values import FITTERS, DoesNotFit, fitted
from shared.api.records import DataType, FromConstant, FromCredential, FromInput, FromSource, MappedFrom


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping may use beside the record: the same for all records of a page."""

    inputs: Mapping[str, str]
    credential_name: str
    fetched_at: str


@dataclass(frozen=True, slots=True)
class Target:
    """One mapped field."""

    key: str
    data_type: DataType
    mandatory: bool
    source: MappedFrom


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record cannot be applied."""

    code: str
    field: str
    message: str
    remedy: str


class Evaluation:
    """A mapping made ready for the records of one page: what is the same for all of them has been evaluated once."""

    def __init__(self, targets: Sequence[Target], context: Context) -> None:
        self._problem: Problem | None = None
        self._same: dict[str, Any] = {}
        self._steps: list[tuple[str, tuple[str, ...], Callable[[Any], Any], bool]] = []
        for target in targets:
            if isinstance(target.source, FromSource):
                self._steps.append((target.key, tuple(target.source.path), FITTERS[target.data_type], target.mandatory))
            else:
                self._take_once(target, context)

    def of(self, record: Mapping[str, Any]) -> dict[str, Any] | Problem:
        """Return the value of each target (None: empty), or the first problem. Never raises for what a record holds."""
        if self._problem is not None:
            return self._problem
        values = self._same.copy()
        for key, path, fit, mandatory in self._steps:
            value = record.get(path[0]) if len(path) == 1 else at_path(record, path)
            if value is not None and value != "":
                try:
                    values[key] = fit(value)
                except DoesNotFit as error:
                    return _does_not_fit(key, error)
            elif mandatory:
                return _missing(key)
            else:
                values[key] = None
        return values

    def _take_once(self, target: Target, context: Context) -> None:
        try:
            value = fitted(_given(target.source, context), target.data_type)
        except DoesNotFit as error:
            self._problem = self._problem or _does_not_fit(target.key, error)
            return
        if value is None and target.mandatory:
            self._problem = self._problem or _missing(target.key)
        self._same[target.key] = value


def evaluate(targets: Sequence[Target], record: Mapping[str, Any], context: Context) -> dict[str, Any] | Problem:
    """Return the values of one record, or its first problem; for many records make one `Evaluation`."""
    return Evaluation(targets, context).of(record)


def at_path(record: Any, path: Sequence[str]) -> Any:
    """Return what is at `path`: keys one by one, digits walk lists; anything missing is None."""
    place = record
    for step in path:
        if isinstance(place, Mapping):
            place = place.get(step)
        elif isinstance(place, list) and step.isascii() and step.isdigit() and len(step) < 7 and int(step) < len(place):  # noqa: PLR2004 - longer than any list
            place = place[int(step)]
        else:
            return None
    return place


def _given(source: MappedFrom, context: Context) -> Any:
    match source:
        case FromConstant(value=value):
            return value
        case FromInput(key=key):
            return context.inputs.get(key)
        case FromCredential():
            return context.credential_name
        case _:
            return context.fetched_at


def _does_not_fit(key: str, error: DoesNotFit) -> Problem:
    remedy = f"Mend it at the source, or map {key} otherwise."
    return Problem("value_does_not_fit", key, f"the value for {key} {error}", remedy)


def _missing(key: str) -> Problem:
    remedy = f"Fill it in at the source, or map {key} to something that is never empty."
    return Problem("missing_value", key, f"there is no value for {key}, which every person needs", remedy)
