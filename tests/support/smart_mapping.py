"""Builders for smart mapping: fields, records, and what is suggested for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from mapper.fields.builtin import BUILTIN
from mapper.smart_mapping.earlier import Earlier
from mapper.smart_mapping.suggesting import suggest
from shared.api.fields import FieldOut
from shared.api.mapped_from import MappedFrom
from shared.api.suggestions import Suggestion, SuggestionsIn, SuggestionsOut
from shared.api.transformations import Step
from shared.events.records import RecordType


def custom(label: str, **more: Any) -> FieldOut:
    """Return a field of people that somebody added."""
    values = {"object_type": "person", "key": label.lower().replace(" ", "_"), "label": label, "data_type": "text", "unique": False}
    return FieldOut.model_validate({**values, "mandatory": False, "history": True, "editable": True, "builtin": False, **more})


def suggested(
    samples: Sequence[Mapping[str, Any]] = (),
    *fields: FieldOut,
    mapped: Mapping[str, MappedFrom] | None = None,
    earlier: Earlier | None = None,
    object_type: RecordType = "person",
    **given: Any,
) -> SuggestionsOut:
    """Return what is suggested for records, to the built-in fields and those given."""
    known = {field.key: field for field in (*BUILTIN[object_type], *fields)}
    asked = SuggestionsIn.model_validate({"source_fields": [], "samples": list(samples), "object_type": object_type, **given})
    return suggest(asked, known, mapped or {}, earlier or Earlier())


def by_target(result: SuggestionsOut) -> dict[str, Suggestion]:
    """Return the suggestions that name a path, by target."""
    return {one.target: one for one in result.suggestions if one.source.kind == "source"}


def paths(result: SuggestionsOut) -> dict[str, str]:
    """Return the suggested paths by target, with dots."""
    return {one.target: ".".join(getattr(one.source, "path", ())) for one in by_target(result).values()}


def steps_of(one: Suggestion) -> list[Step]:
    """Return the steps that would be stored; each is explained."""
    steps: list[Step] = getattr(one.source, "steps", [])
    assert steps == [step for transformation in one.transformations for step in transformation.steps]
    return steps
