"""What has to be done to a path's values before they fit a target: the steps that a mapping stores. Pure."""

import re
from collections.abc import Iterable
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from mapper.smart_mapping.candidates import Candidate
from mapper.smart_mapping.dates import formats_of
from mapper.smart_mapping.shapes import share
from mapper.smart_mapping.status_words import as_options, as_yes_or_no
from mapper.smart_mapping.targets import Target
from mapper.smart_mapping.words import squeezed, words
from mapper.transformations.paths import at_path
from shared.api.suggestions import SuggestedTransformation
from shared.api.transformations import Case, Date, Join, MapValues, Number, Split, Step, Trim
from shared.rules.fold import fold_text

Transformations = list[SuggestedTransformation]

_COUNTED = {"unix": "they are seconds since 1970", "unix_ms": "they are milliseconds since 1970", "windows": "they count as Windows does"}
_SEPARATORS = (";", "|", ",")
"""The first that is seen: within lists of names in the form *last, first* a comma parts none."""
_DECIMAL = {".": re.compile(r"[+-]?\d+(\.\d+)?"), ",": re.compile(r"[+-]?\d+(,(\d{1,2}|\d{4,}))?")}
"""Numbers as each decimal sign writes them; three digits behind a comma may be thousands, so that nothing is said of them."""
_ZONES = {"timezone", "zone", "tz"}


def transformations(one: Candidate, target: Target) -> Transformations | None:
    """Return what should be done to the values, in order; None when nothing would make them fit."""
    match target.field.data_type:
        case "datetime":
            return _to_moment(one)
        case "number":
            return _to_number(one)
        case "boolean":
            return _to_yes_or_no(one)
        case "text_list":
            return _to_list(one)
        case "person":
            return None
        case "text":
            return _to_option(one, target) if target.field.dropdown == "fixed" else _to_text(one, target)


def steps_of(found: Iterable[SuggestedTransformation]) -> list[Step]:
    """Return the steps of all transformations, in their order."""
    return [step for one in found for step in one.steps]


def _must(reason: str, *steps: Step) -> Transformations:
    return [SuggestedTransformation(steps=list(steps), needed=True, reason=reason)]


def _to_moment(one: Candidate) -> Transformations | None:
    if not one.present:
        return [] if one.declared == "datetime" or one.values else None
    formats = formats_of(one.present)
    if formats is None:
        return None
    zone = _zone_beside(one)
    if not formats and zone is None:
        return []
    named = next((_COUNTED[given] for given in formats if given in _COUNTED), f"they are written like {' or '.join(formats) or 'iso'}")
    beside = "" if zone is None else f", in the zone that stands beside them ({zone})"
    step = Date(formats=formats or ["iso"]) if zone is None else Date(formats=formats or ["iso"], zone=zone)
    return _must(f"its dates must be read first: {named}{beside}", step)


def _zone_beside(one: Candidate) -> str | None:
    """Return the time zone that stands beside the dates within the same object, where it is the same in all samples."""
    told = set()
    for record in one.records:
        beside = at_path(record, one.path[:-1]) if len(one.path) > 1 else None
        if isinstance(beside, dict):
            told |= {value for key, value in beside.items() if squeezed(words(key)) in _ZONES and isinstance(value, str)}
    (zone,) = told if len(told) == 1 else (None,)
    return zone if zone is not None and zone in available_timezones() and ZoneInfo(zone).key != "UTC" else None


def _to_number(one: Candidate) -> Transformations | None:
    if one.kind == "number" or not one.present:
        return [] if one.kind == "number" else None
    texts = [str(value).strip() for value in one.present]
    decimals: tuple[Literal[".", ","], ...] = (".", ",")
    for decimal in decimals:
        if all(_DECIMAL[decimal].fullmatch(text) for text in texts):
            return _must("its numbers are written as texts", Number(decimal=decimal))
    return None


def _to_yes_or_no(one: Candidate) -> Transformations | None:
    if one.is_yes_or_no:
        return []
    if not one.present or one.kind not in {"text", "number"}:
        return None
    known = as_yes_or_no(str(value) for value in one.present)
    return None if known is None else _must("its words mean yes and no", MapValues(values=known, otherwise="reject"))


def _to_list(one: Candidate) -> Transformations | None:
    if one.kind == "list":
        return []
    if one.kind != "text" or not one.present:
        return None
    separator = next((sign for sign in _SEPARATORS if any(sign in str(value) for value in one.present)), ",")
    return _must("it is one text, and a list is wanted", Split(separator=separator))


def _to_option(one: Candidate, target: Target) -> Transformations | None:
    if one.kind not in {"text", "number"}:
        return None
    offered = {fold_text(option) for option in target.field.options}
    if offered.issuperset(folded for folded in one.folded if folded is not None):
        return []
    known = as_options(target.field.options)
    return _must("its words mean options of the field", MapValues(values=known)) if known else None


def _to_text(one: Candidate, target: Target) -> Transformations | None:
    concept = target.concept
    if one.kind == "datetime" or (concept is not None and concept.shape == "roles"):
        return None
    if one.kind == "list":
        return _must("it is a list, and one text is wanted", Join(separator=", ")) if one.present else None
    found: Transformations = []
    texts = [value for value in one.present if isinstance(value, str)]
    if concept is not None and concept.shape != "moment" and any(value != value.strip() for value in texts):
        found.append(SuggestedTransformation(steps=[Trim()], needed=False, reason="some values have blanks around them"))
    if concept is not None and concept.shape == "email" and share("email", texts) and any(value != value.lower() for value in texts):
        reason = "some addresses have capitals, which mean nothing there"
        found.append(SuggestedTransformation(steps=[Case(to="lower")], needed=False, reason=reason))
    return found
