"""Steps made ready: each a function of the value and its record, which raises nothing but `StepFailed`. Pure."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import singledispatch
from typing import Any

from mapper.fields.values import LARGEST_NUMBER, is_storable
from mapper.transformations.dates import reading_dates
from mapper.transformations.failing import StepFailed
from mapper.transformations.paths import at_path
from mapper.transformations.patterns import extracting, replacing
from mapper.transformations.texts import LONGEST, each_text, few, is_empty, short, text_of
from shared.api.transformations import (
    Case,
    Date,
    Default,
    Extract,
    FirstOf,
    Hash,
    Item,
    Join,
    MapValues,
    Number,
    Pluck,
    Replace,
    Split,
    Step,
    Trim,
)
from shared.rules.fold import fold_text

Record = Mapping[str, Any]
Ready = Callable[[Any, Record], Any]

CASES: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "title": str.title}
LONGEST_NUMBER = 40
WRITTEN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")


def transforming(steps: Sequence[Step]) -> Ready:
    """Return all steps as one function; a failure names the step. Raises `ValueError` for a step that cannot be used."""
    ready = [(place, step.op, made_ready(step)) for place, step in enumerate(steps, start=1)]

    def transform(value: Any, record: Record) -> Any:
        for place, op, step in ready:
            try:
                value = step(value, record)
            except StepFailed as error:
                raise StepFailed(f"step {place} ({op}) {error}") from None
        return value

    return transform


@singledispatch
def made_ready(step: Step) -> Ready:
    """Return one step as a function. Raises `ValueError` for one that cannot be used."""
    raise TypeError(f"no step: {type(step).__name__}")


def _of_text(made: Callable[[str], Any]) -> Ready:
    apply = each_text(made)
    return lambda value, _record: apply(value)


@made_ready.register
def _(_step: Trim) -> Ready:
    return _of_text(str.strip)


@made_ready.register
def _(step: Case) -> Ready:
    change = CASES[step.to]
    return _of_text(lambda text: short(change(text)))


@made_ready.register
def _(step: Split) -> Ready:
    def split(value: Any, _record: Record) -> Any:
        return None if is_empty(value) else few([part.strip() for part in text_of(value).split(step.separator)])

    return split


@made_ready.register
def _(step: Item) -> Ready:
    def item(value: Any, _record: Record) -> Any:
        if is_empty(value):
            return None
        if not isinstance(value, list):
            raise StepFailed("needs a list")
        return value[step.index] if -len(value) <= step.index < len(value) else None

    return item


@made_ready.register
def _(step: Pluck) -> Ready:
    path = tuple(step.path)

    def pluck(value: Any, _record: Record) -> Any:
        if is_empty(value):
            return None
        if not isinstance(value, list):
            raise StepFailed("needs a list")
        return [found for item in few(value) if not is_empty(found := at_path(item, path))]

    return pluck


@made_ready.register
def _(step: Join) -> Ready:
    paths = [tuple(path) for path in step.paths]

    def join(value: Any, record: Record) -> Any:
        own = few(value) if isinstance(value, list) else [value]
        parts = [text_of(part) for part in (*own, *(at_path(record, path) for path in paths)) if not is_empty(part)]
        if sum(map(len, parts)) + len(step.separator) * len(parts) > LONGEST + len(step.separator):
            raise StepFailed(f"gives a text of more than {LONGEST} characters")
        return step.separator.join(parts) or None

    return join


@made_ready.register
def _(step: FirstOf) -> Ready:
    paths = [tuple(path) for path in step.paths]

    def first_of(value: Any, record: Record) -> Any:
        if not is_empty(value):
            return value
        return next((found for path in paths if not is_empty(found := at_path(record, path))), None)

    return first_of


@made_ready.register
def _(step: Date) -> Ready:
    return _of_text(reading_dates(step))


@made_ready.register
def _(step: Number) -> Ready:
    def number(value: Any, _record: Record) -> Any:
        if is_empty(value) or (isinstance(value, int | float) and not isinstance(value, bool)):
            return None if is_empty(value) else value
        return _number(text_of(value).strip(), step.decimal)

    return number


def _number(text: str, decimal: str) -> int | float:
    grouping = "," if decimal == "." else "."
    plain = text.replace(grouping, "").replace(" ", "").replace("\u00a0", "").replace(decimal, ".")
    if len(plain) > LONGEST_NUMBER or not WRITTEN.fullmatch(plain):
        raise StepFailed("finds no number")
    read = Decimal(plain)
    if not -LARGEST_NUMBER < read < LARGEST_NUMBER:
        raise StepFailed("finds no number of at most 18 digits")
    return int(read) if read == read.to_integral_value() else float(read)


@made_ready.register
def _(step: MapValues) -> Ready:
    key_of: Callable[[str], str] = fold_text if step.ignore_case else str
    known = {key_of(key): value for key, value in step.values.items()}
    if len(known) < len(step.values):
        raise ValueError("two of its values differ in case alone; turn ignore_case off, or leave one out")

    def mapped(text: str) -> Any:
        key = key_of(text)
        if key in known:
            return known[key]
        if step.otherwise == "reject":
            raise StepFailed("meets a value that is not in its table")
        return text if step.otherwise == "keep" else None

    return _of_text(mapped)


@made_ready.register
def _(step: Default) -> Ready:
    return lambda value, _record: step.value if is_empty(value) else value


@made_ready.register
def _(step: Extract) -> Ready:
    return _of_text(extracting(step))


@made_ready.register
def _(step: Replace) -> Ready:
    return _of_text(replacing(step))


@made_ready.register
def _(step: Hash) -> Ready:
    def hashed(text: str) -> str:
        if not is_storable(text):
            raise StepFailed("meets characters that cannot be stored")
        return hashlib.new(step.algorithm, text.encode()).hexdigest()

    return _of_text(hashed)
