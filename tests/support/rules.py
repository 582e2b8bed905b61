"""Random rules and rows, for the tests that hold the predicate and the SQL to one meaning."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import Column, Integer, MetaData, Table

from shared.clock import written
from shared.db.types import Json
from shared.rules import At, Rule
from shared.rules.operators import OPERATORS, FieldType, OperandKind

RULE: TypeAdapter[Any] = TypeAdapter(Rule)
ROWS = Table("rows", MetaData(), Column("id", Integer, primary_key=True), Column("folded", Json))

NOON = At(datetime(2026, 5, 1, 12, tzinfo=UTC), ZoneInfo("UTC"))
"""A moment for rules that have no date in them."""
ZONES = [
    ZoneInfo(name)
    for name in (
        *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"),
        # A midnight that is skipped, and one that comes twice.
        *("America/Sao_Paulo", "Asia/Beirut", "America/Havana", "Atlantic/Azores"),
    )
]
TYPES: dict[str, FieldType] = {
    "name": "text",
    "size": "number",
    "due": "datetime",
    "flag": "boolean",
    "tags": "text_list",
    "manager": "person",
}

TEXTS = st.text(st.sampled_from("aAbBłŁßẞ\u017fKİ\u0131Å%_\\/ \n\t1éE日\U0010ffff\ue000\ud7ff"), max_size=4)
NUMBERS = st.integers(-50, 50) | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(-5, 5) | st.sampled_from([0.1, -1.25, 1e16, 1e-7, -0.0])
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)) | st.datetimes(datetime(2010, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001 - a zone is given to each
NEAR = st.datetimes(datetime(2026, 4, 25), datetime(2026, 5, 7))  # noqa: DTZ001 - a zone is given to each
AWARE = (MOMENTS | NEAR).map(lambda moment: moment.replace(tzinfo=UTC))
DAYS = st.dates(date(2026, 4, 25), date(2026, 5, 7)) | st.dates()
ATS = st.builds(At, AWARE, st.sampled_from(ZONES))

VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "number": NUMBERS,
    "datetime": AWARE.map(written),
    "boolean": st.booleans(),
    "text_list": st.lists(TEXTS, max_size=3),
    "person": st.uuids().map(str) | TEXTS,
}
DATES: st.SearchStrategy[Any] = (
    st.builds(lambda day: {"date": day.isoformat()}, DAYS)
    | st.builds(lambda moment: {"moment": moment.isoformat()}, AWARE | NEAR)
    | st.builds(lambda days: {"today": days}, st.integers(-10, 10) | st.integers(-36_500, 36_500))
)
OPERAND_VALUES: dict[OperandKind, st.SearchStrategy[Any]] = {
    "none": st.none(),
    "text": TEXTS | st.just("\x00"),
    "texts": st.lists(TEXTS, min_size=1, max_size=3),
    "number": NUMBERS,
    "numbers": st.lists(NUMBERS, min_size=1, max_size=3),
    "digits": NUMBERS | st.text("0123456789.- ", max_size=3),
    "boolean": st.booleans(),
    "date": DATES,
    "days": st.integers(0, 10) | st.integers(0, 36_500),
}


def _condition(field: str, operator: str, kind: OperandKind) -> st.SearchStrategy[dict[str, Any]]:
    value = OPERAND_VALUES[kind]
    return st.builds(lambda value: {"field": field, "operator": operator, **({} if kind == "none" else {"value": value})}, value)


FITTING = st.sampled_from(
    [(field, operator, kind) for field, data_type in TYPES.items() for operator, kind in OPERATORS[data_type].items()]
).flatmap(lambda chosen: _condition(*chosen))
"""Conditions that a rule for these fields may hold."""
EVERY_OPERATOR = [(operator, kind) for of_type in OPERATORS.values() for operator, kind in of_type.items()]
ANY_PAIR = st.tuples(
    st.sampled_from(sorted(TYPES)),
    st.sampled_from(EVERY_OPERATOR),
).flatmap(lambda chosen: _condition(chosen[0], *chosen[1]))
"""Conditions that fit no type in particular."""


def rules_of(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return rules with such conditions."""
    return st.recursive(
        conditions,
        lambda inner: (
            st.fixed_dictionaries({"all": st.lists(inner, max_size=3)})
            | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
            | st.fixed_dictionaries({"not": inner})
        ),
        max_leaves=5,
    )


def rows_of(values: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return rows in which any field may be missing, null or empty."""
    optional = {field: value | st.none() | st.just("") for field, value in values.items()}
    return st.lists(st.fixed_dictionaries({}, optional=optional), min_size=1, max_size=6)


TYPED_RULES, TYPED_ROWS = rules_of(FITTING), rows_of({field: VALUES[data_type] for field, data_type in TYPES.items()})
UNTYPED_RULES, UNTYPED_ROWS = rules_of(ANY_PAIR), rows_of(dict.fromkeys(TYPES, st.one_of(*VALUES.values())))
