"""What a mapping must be before it is stored: sources that fit their fields. Pure."""

from collections.abc import Iterator
from typing import Any

from mapper.expressions.expressions import Expression
from mapper.fields.builtin import OF_ROLLCALL
from mapper.fields.values import DoesNotFit, fitted_to, is_storable
from mapper.transformations.kinds import Kind, problems_of
from shared.api.fields import FieldOut
from shared.api.mapped_from import FromConstant, FromExpression, FromInput, FromSource, FromSyncTime, MappedFrom
from shared.api.mappings import MappingIn
from shared.errors import Invalid
from shared.rules.fold import fold_text

TIME_OF_SYNC = "synced_at"
"""The one field that may, and must, have the time of the sync: it changes with every run, so it is kept beside the record."""


class BadApiField(Invalid):
    """A custom API field has another's label, or cannot be stored."""

    code = "bad_api_field"


class BadMappingSource(Invalid):
    """A field cannot take its value from where the mapping says."""

    code = "bad_mapping_source"


class NotClearable(Invalid):
    """A blank value cannot empty a field that is not mapped, or that every record needs."""

    code = "not_clearable"


def require_clearable(given: MappingIn, known: dict[str, FieldOut]) -> None:
    """Raise `NotClearable` naming each field that no blank value can empty."""
    problems = []
    for key in given.clears:
        if key not in given.targets:
            problems.append({"field": f"clears.{key}", "message": "is not mapped", "remedy": f"Map {key} first, or leave it out."})
        elif known[key].mandatory or key == TIME_OF_SYNC:
            problems.append({"field": f"clears.{key}", "message": "is never empty", "remedy": "Leave it out."})
    if problems:
        names = ", ".join(problem["field"] for problem in problems)
        raise NotClearable(f"these fields cannot be emptied: {names}", remedy="Name mapped fields that may be empty.", fields=problems)


def require_distinct_api_fields(given: MappingIn) -> None:
    """Raise `BadApiField` naming each custom API field that has another's label, or cannot be stored."""
    seen: set[str] = set()
    problems = []
    for place, field in enumerate(given.api_fields):
        if not _is_storable(field.model_dump()):
            problems.append(
                {"field": f"api_fields.{place}", "message": "holds characters that cannot be stored", "remedy": "Correct the texts in it."}
            )
        elif fold_text(field.label) in seen:
            problems.append(
                {"field": f"api_fields.{place}.label", "message": "is the label of another field", "remedy": "Choose another label."}
            )
        seen.add(fold_text(field.label))
    if problems:
        names = ", ".join(problem["field"] for problem in problems)
        raise BadApiField(f"these custom API fields cannot be used: {names}", remedy="Correct the named fields.", fields=problems)


def require_fitting_sources(given: MappingIn, known: dict[str, FieldOut]) -> None:
    """Raise `BadMappingSource` for what could only ever reject each record: better said once, now, at the step that is wrong."""
    problems = [
        {"field": f"targets.{key}{place}", "message": message, "remedy": remedy}
        for key, source in given.targets.items()
        for place, message, remedy in _problems(known[key], source)
    ]
    if problems:
        names = ", ".join(problem["field"] for problem in problems)
        raise BadMappingSource(f"these fields cannot be mapped like this: {names}", remedy="Correct the named fields.", fields=problems)


def _problems(field: FieldOut, source: MappedFrom) -> Iterator[tuple[str, str, str]]:
    if field.builtin and field.key in OF_ROLLCALL.get(field.object_type, ()):
        yield "", f"{field.key} follows from other things, and no source writes it", "Leave it out."
    if isinstance(source, FromSyncTime) is not (field.key == TIME_OF_SYNC):
        remedy = f"Map the time of the sync to {TIME_OF_SYNC}, and nothing else to it."
        yield "", f"the time of the sync and {TIME_OF_SYNC} belong together", remedy
    if not _is_storable(source.model_dump()):
        yield "", "it holds characters that cannot be stored", "Correct the texts in it."
    elif isinstance(source, FromConstant):
        yield from (("", message, remedy) for message, remedy in _problems_of_constant(field, source))
    elif isinstance(source, FromSource | FromInput | FromExpression):
        yield from _problems_of_steps(field, source)


def _problems_of_steps(field: FieldOut, source: FromSource | FromInput | FromExpression) -> Iterator[tuple[str, str, str]]:
    start: Kind = "text" if isinstance(source, FromInput) else "any"
    if isinstance(source, FromExpression):
        try:
            start = Expression(source.expression).kind
        except ValueError as error:
            yield ".expression", str(error), "Correct the expression."
    for problem in problems_of(start, source.steps, field.data_type):
        yield "" if problem.step is None else f".steps.{problem.step}", problem.message, problem.remedy


def _is_storable(value: Any) -> bool:
    match value:
        case str():
            return is_storable(value)
        case dict():
            return all(_is_storable(key) and _is_storable(inner) for key, inner in value.items())
        case list():
            return all(map(_is_storable, value))
        case _:
            return True


def _problems_of_constant(field: FieldOut, source: FromConstant) -> Iterator[tuple[str, str]]:
    if field.unique:
        yield "a unique field cannot have the same value for everybody", "Map it to a field of the source."
    try:
        value = fitted_to(source.value, field)
    except DoesNotFit as error:
        yield f"the constant {error}", "Give a constant that the field takes."
        return
    if value is None and field.mandatory:
        yield "the constant is empty, and every record needs this field", "Give a constant that is not empty."
