"""How often suggestions are right, and how often a label is found: per shape, for each word that smart mapping says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.smart_mapping.shape import Shape
from mapper.fields.builtin import BUILTIN
from mapper.mappings.evaluate import Context, Evaluation, targets_of
from mapper.smart_mapping.earlier import Earlier
from mapper.smart_mapping.suggesting import suggest
from shared.api.fields import DataType, FieldOut
from shared.api.mapped_from import FromSource
from shared.api.suggestions import Certainty, Suggestion, SuggestionsIn
from shared.events.records import RecordType

# No shape says yet what belongs into the fields of assets.
OBJECT_TYPES: tuple[RecordType, ...] = ("person", "saas_user")
CUSTOM: dict[str, tuple[str, DataType]] = {
    "department": ("Department", "text"),
    "job_title": ("Job title", "text"),
    "phone": ("Phone", "text"),
    "mobile_phone": ("Mobile phone", "text"),
    "employee_id": ("Employee ID", "text"),
    "manager": ("Manager", "text"),
    "manager_email": ("Manager email", "text"),
    "company": ("Company", "text"),
    "cost_center": ("Cost center", "text"),
    "office": ("Office location", "text"),
    "city": ("City", "text"),
    "country": ("Country", "text"),
    "start_date": ("Start date", "datetime"),
    "end_date": ("End date", "datetime"),
    "time_zone": ("Time zone", "text"),
    "serial_number": ("Serial number", "text"),
    "device_name": ("Device name", "text"),
    "operating_system": ("Operating system", "text"),
    "os_version": ("OS version", "text"),
    "model": ("Model", "text"),
    "manufacturer": ("Manufacturer", "text"),
    "mac_address": ("MAC address", "text"),
    "ip_address": ("IP address", "text"),
    "last_seen": ("Last seen", "datetime"),
}
"""Fields that an installation with people and devices adds. Each is a chance to be wrong for every shape that has no such thing."""
NOTHING_ELSE = Context({}, "", "")
UNIQUE = {"employee_id", "serial_number"}


@dataclass(frozen=True, slots=True)
class Said:
    """One suggestion, and whether it is right."""

    shape: str
    object_type: RecordType
    target: str
    path: tuple[str, ...]
    certainty: Certainty
    right: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """What was said of some shapes, and how many labels they have."""

    said: tuple[Said, ...]
    labels: int

    def precision(self, *words: Certainty) -> float | None:
        """Return which share of what was said with these words is right; None when nothing was."""
        told = [one.right for one in self.said if one.certainty in words]
        return sum(told) / len(told) if told else None

    def recall(self, *words: Certainty) -> float:
        """Return which share of the labels was found with these words."""
        return sum(1 for one in self.said if one.right and one.certainty in words) / self.labels

    def number(self, *words: Certainty) -> int:
        """Return how many suggestions used these words."""
        return sum(1 for one in self.said if one.certainty in words)


Suggesting = Callable[[Shape, RecordType, dict[str, FieldOut]], Iterable[tuple[str, tuple[str, ...], Certainty]]]


def measured(shapes: Sequence[Shape], suggesting: Suggesting) -> Measured:
    """Return what was said of all shapes together."""
    said = [one for shape in shapes for one in _said(shape, suggesting)]
    labels = sum(len(shape.expected(object_type)) for shape in shapes for object_type in OBJECT_TYPES)
    return Measured(tuple(said), labels)


def _said(shape: Shape, suggesting: Suggesting) -> Iterable[Said]:
    for object_type in OBJECT_TYPES:
        expected = shape.expected(object_type)
        for target, path, certainty in suggesting(shape, object_type, fields(shape, object_type)):
            yield Said(shape.name, object_type, target, path, certainty, path in expected.get(target, ()))


def fields(shape: Shape, object_type: RecordType) -> dict[str, FieldOut]:
    """Return the fields that could be mapped: the built-in ones, and for people those that an installation adds."""
    found = {field.key: field for field in BUILTIN[object_type]}
    if object_type == "person":
        labels = {**CUSTOM, "application_user_id": (f"{shape.application} User Id", "text")}
        for key, (label, data_type) in labels.items():
            found[key] = _custom(key, label, data_type)
    return found


def _custom(key: str, label: str, data_type: Any) -> FieldOut:
    unique = key in UNIQUE or key == "application_user_id"
    return FieldOut(
        object_type="person",
        key=key,
        label=label,
        data_type=data_type,
        unique=unique,
        mandatory=False,
        history=True,
        editable=True,
        builtin=False,
    )


def ours(shape: Shape, object_type: RecordType, known: dict[str, FieldOut]) -> Iterable[tuple[str, tuple[str, ...], Certainty]]:
    """Ask smart mapping, with the records for samples and nothing mapped before."""
    for one, source in _suggested(shape, object_type, known):
        yield one.target, tuple(source.path), one.certainty


def storing(shapes: Sequence[Shape]) -> tuple[int, int, int]:
    """Return how many suggestions there are, how many have steps, and how many of these store every record of their shape."""
    every = with_steps = storing_all = 0
    for shape in shapes:
        for object_type in OBJECT_TYPES:
            known = fields(shape, object_type)
            for one, source in _suggested(shape, object_type, known):
                optional = known[one.target].model_copy(update={"mandatory": False})
                evaluation = Evaluation(targets_of({one.target: source}, {one.target: optional}), NOTHING_ELSE)
                every += 1
                with_steps += bool(source.steps)
                storing_all += bool(source.steps) and all(isinstance(evaluation.of(record), dict) for record in shape.records)
    return every, with_steps, storing_all


def _suggested(shape: Shape, object_type: RecordType, known: dict[str, FieldOut]) -> Iterable[tuple[Suggestion, FromSource]]:
    given = SuggestionsIn(
        source_fields=[], object_type=object_type, describes=shape.describes, application=shape.application, samples=list(shape.records)
    )
    for one in suggest(given, known, {}, Earlier()).suggestions:
        if isinstance(one.source, FromSource):
            yield one, one.source
