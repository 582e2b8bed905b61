"""Rules as SQL: the same comparisons as in memory, over the folded values that are stored with each record.

What can be a span or an equality of the folded text is one, and stands alone: an index on that text can serve it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, collate, false, func, literal_column, not_, or_, true

from shared.rules.comparisons import Among, Comparison, HasText, IsEmpty, Within, comparison_of, prefixed
from shared.rules.days import At
from shared.rules.fold import DIGITS, LIST, NUMBER, TEXT
from shared.rules.model import All, Any_, Condition, Not
from shared.rules.operators import FieldType

GROUP = 50
ANY = None
KEY = re.compile(r"[a-z][a-z0-9_]*")
KIND_OF: dict[FieldType, str] = {"text": TEXT, "datetime": TEXT, "boolean": TEXT, "number": NUMBER, "text_list": LIST, "person": TEXT}


@dataclass(frozen=True, slots=True)
class Folded:
    """The SQL expression of a field's folded text, compared byte by byte; NULL when the field is empty.

    With the field's type the statement leaves out what such a field cannot hold; it means the same without.
    """

    text: ColumnElement[str]
    data_type: FieldType | None = None

    def can_be(self, kind: str) -> bool:
        """Return whether a value of this kind may stand there."""
        return self.data_type is None or KIND_OF[self.data_type] == kind


def folded_text(column: ColumnElement[Any], key: str, dialect: str) -> ColumnElement[str]:
    """Return the folded text of a field in a JSON column of them, compared byte by byte.

    The key stands in the statement itself, and not as a parameter: only so can an index on the same expression serve it.
    """
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} cannot be the key of a field")
    if dialect == "postgresql":
        return collate(column.op("->>", return_type=Text())(literal_column(f"'{key}'")), "C")
    text: ColumnElement[str] = func.json_extract(column, literal_column(f"'$.{key}'"), type_=Text())
    return text


FoldedField = Callable[[str], Folded]


def compiled(rule: Any, field: FoldedField, at: At) -> ColumnElement[bool]:
    """Return the condition under which a row meets `rule`. `field` gives a field's folded text."""
    return _compiled(rule, field, at, wanted=True)


def _compiled(rule: Any, field: FoldedField, at: At, *, wanted: bool) -> ColumnElement[bool]:
    """Carry `not` down to the conditions: there what is neither true nor false, an empty field, is decided, and nowhere above."""
    match rule:
        case All(all=rules) if wanted:
            return and_(true(), *(_compiled(inner, field, at, wanted=True) for inner in rules))
        case All(all=rules):
            return or_(false(), *(_compiled(inner, field, at, wanted=False) for inner in rules))
        case Any_(any=rules) if wanted:
            return or_(false(), *(_compiled(inner, field, at, wanted=True) for inner in rules))
        case Any_(any=rules):
            return and_(true(), *(_compiled(inner, field, at, wanted=False) for inner in rules))
        case Not(not_=inner):
            return _compiled(inner, field, at, wanted=not wanted)
        case _:
            return _condition(rule, field(rule.field), at, wanted=wanted)


def _condition(condition: Condition, folded: Folded, at: At, *, wanted: bool) -> ColumnElement[bool]:
    comparison, when_it_holds = comparison_of(condition, at)
    is_wanted = when_it_holds is wanted
    if isinstance(comparison, IsEmpty):
        return folded.text.is_(None) if is_wanted else folded.text.is_not(None)
    holds = _holds(comparison, folded)
    return holds if is_wanted else or_(folded.text.is_(None), not_(holds))


def _holds(comparison: Comparison, folded: Folded) -> ColumnElement[bool]:
    """Return a condition that is true, false, or NULL where the field is empty."""
    match comparison:
        case Among():
            return _among(comparison, folded)
        case Within(low=low) if folded.can_be(low[0]):
            return _within(comparison, folded.text)
        case HasText():
            return or_(false(), *(_has_text(comparison, kind, folded.text) for kind in (TEXT, NUMBER, LIST) if folded.can_be(kind)))
        case _:
            return false()


def _among(comparison: Among, folded: Folded) -> ColumnElement[bool]:
    wholes = sorted(whole for whole in comparison.wholes if folded.can_be(whole[0]))
    one = [folded.text == wholes[0] if len(wholes) == 1 else folded.text.in_(wholes)] if wholes else []
    items = [_like(folded.text, ANY, f"{LIST}{item}{LIST}", ANY) for item in sorted(comparison.items)] if folded.can_be(LIST) else []
    if len(items) > GROUP:
        # In groups that the compiler does not flatten: SQLite takes expressions of at most 1,000 levels.
        items = [func.coalesce(or_(*items[start : start + GROUP]), false()) for start in range(0, len(items), GROUP)]
    return or_(false(), *one, *items)


def _within(comparison: Within, text: ColumnElement[str]) -> ColumnElement[bool]:
    above = text >= comparison.low if comparison.with_low else text > comparison.low
    below = text <= comparison.high if comparison.with_high else text < comparison.high
    return and_(above, below)


def _has_text(comparison: HasText, kind: str, text: ColumnElement[str]) -> ColumnElement[bool]:
    if (kind, comparison.part) == (TEXT, "begins_with"):
        return _within(prefixed(TEXT + comparison.text), text)
    before, after = AROUND[kind, comparison.part]
    return _like(text, *before, comparison.text, *after)


AROUND: dict[tuple[str, str], tuple[tuple[str | None, ...], tuple[str | None, ...]]] = {
    (TEXT, "ends_with"): ((TEXT, ANY), ()),
    (TEXT, "contains"): ((TEXT, ANY), (ANY,)),
    (NUMBER, "begins_with"): ((NUMBER, ANY, DIGITS), (ANY,)),
    (NUMBER, "ends_with"): ((NUMBER, ANY, DIGITS, ANY), ()),
    (NUMBER, "contains"): ((NUMBER, ANY, DIGITS, ANY), (ANY,)),
    (LIST, "begins_with"): ((ANY, LIST), (ANY,)),
    (LIST, "ends_with"): ((ANY,), (LIST, ANY)),
    (LIST, "contains"): ((LIST, ANY), (ANY,)),
}
"""What stands around a text that is looked for, by what was folded and by where in it."""


def _like(text: ColumnElement[str], *parts: str | None) -> ColumnElement[bool]:
    """Return whether the text is these parts, one after the other; `ANY` stands for anything."""
    pattern = "".join("%" if part is ANY else part.replace("/", "//").replace("%", "/%").replace("_", "/_") for part in parts)
    return text.like(pattern, escape="/")
