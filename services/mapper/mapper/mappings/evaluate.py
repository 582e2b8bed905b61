"""Evaluating a mapping: from one raw record to field values, or to the reasons why not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mapper.fields.values import DoesNotFit, fitted
from shared.api.records import DataType, FromConstant, FromCredential, FromInput, FromSource, FromSyncTime, MappedFrom


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping may use beside the record."""

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


def evaluate(targets: tuple[Target, ...], record: Mapping[str, Any], context: Context) -> dict[str, Any] | Problem:
    """Return the value of each target (None: empty), or the first problem. Never raises for what a record holds."""
    values: dict[str, Any] = {}
    for target in targets:
        try:
            value = fitted(_taken(target.source, record, context), target.data_type)
        except DoesNotFit as error:
            return Problem(
                "value_does_not_fit",
                target.key,
                f"the value for {target.key} {error}",
                f"Mend it at the source, or map {target.key} otherwise.",
            )
        if value is None and target.mandatory:
            return Problem(
                "missing_value",
                target.key,
                f"there is no value for {target.key}, which every person needs",
                f"Fill it in at the source, or map {target.key} to something that is never empty.",
            )
        values[target.key] = value
    return values


def _taken(source: MappedFrom, record: Mapping[str, Any], context: Context) -> Any:
    match source:
        case FromSource(path=path):
            return at_path(record, path)
        case FromConstant(value=value):
            return value
        case FromInput(key=key):
            return context.inputs.get(key)
        case FromCredential():
            return context.credential_name
        case FromSyncTime():
            return context.fetched_at


def at_path(record: Any, path: list[str]) -> Any:
    """Return what is at `path`: keys one by one, digits walk lists; anything missing is None."""
    place = record
    for step in path:
        if isinstance(place, Mapping):
            place = place.get(step)
        elif isinstance(place, list) and step.isascii() and step.isdigit() and len(step) < 7 and int(step) < len(place):  # noqa: PLR2004
            place = place[int(step)]
        else:
            return None
    return place
