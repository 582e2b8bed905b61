"""Events of every contract, filled at random."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from hypothesis import strategies as st

from shared.events.base import Part

MOMENTS = st.datetimes(timezones=st.just(UTC))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
BY_ORIGIN: dict[Any, Callable[..., st.SearchStrategy[Any]]] = {
    list: lambda inner: st.lists(of_type(inner), max_size=2),
    dict: lambda _key, value: st.dictionaries(TEXT, of_type(value), max_size=2),
    tuple: lambda *inner: st.tuples(*map(of_type, inner)),
    UnionType: lambda *options: st.one_of(*map(of_type, options)),
    Union: lambda *options: st.one_of(*map(of_type, options)),
}
PLAIN: dict[Any, st.SearchStrategy[Any]] = {Any: JSON_VALUES, str: TEXT, datetime: MOMENTS, int: st.integers(0, 2**31)}


@cache
def filled(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return values of a model, field by field."""
    return st.builds(kind, **{name: of_field(info.annotation, info.metadata) for name, info in kind.model_fields.items()})


def of_field(annotation: Any, bounds: list[Any]) -> st.SearchStrategy[Any]:
    """Return values of one field."""
    least = next((bound.ge for bound in bounds if hasattr(bound, "ge")), None)
    return of_type(annotation) if least is None else st.integers(least, 2**31)


def of_type(annotation: Any) -> st.SearchStrategy[Any]:
    """Return values of a type, with models and free JSON inside."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return filled(annotation)
    made = BY_ORIGIN.get(get_origin(annotation))
    return st.from_type(annotation) if made is None else made(*get_args(annotation))
