"""What a filter must be before it is stored with its mapping: about fields that it can see, of types that it can compare."""

from collections.abc import Iterator

from mapper.fields.fields import types_of
from mapper.fields.values import is_storable
from shared.api.base import Gap
from shared.api.fields import FieldOut
from shared.api.mappings import MappingIn
from shared.rules.checking import problems_of
from shared.rules.reading import bad_rule

PLACE = "filter.rule"


def require_fitting_filter(given: MappingIn, known: dict[str, FieldOut]) -> None:
    """Raise `BadRule` for a filter that looks at what is not mapped, not known, or not of a type that it could compare."""
    if given.filter is None:
        return
    unmapped = {key: "is not mapped, so no record would have it" for key in known if key not in given.targets}
    types = {**types_of(known), **{name: field.data_type for name, field in given.filter.source_fields.items()}}
    gaps = [*_source_fields(given, known), *problems_of(given.filter.rule, types, place=PLACE, closed=unmapped)]
    if gaps:
        raise bad_rule(gaps, place="filter")


def _source_fields(given: MappingIn, known: dict[str, FieldOut]) -> Iterator[Gap]:
    for name, field in given.filter.source_fields.items() if given.filter else ():
        place = f"filter.source_fields.{name}"
        if name in known:
            yield Gap(field=place, message=f"{name} is a field of People", remedy="Give the field of the source another name.")
        if not all(is_storable(step) for step in field.path):
            yield Gap(field=f"{place}.path", message="holds characters that cannot be stored", remedy="Correct the path.")
