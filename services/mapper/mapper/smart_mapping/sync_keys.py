"""By which unique field records could be found, with what the samples say of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mapper.smart_mapping.scoring import GUESS, LIKELY, certainty
from mapper.transformations.paths import at_path
from shared.api.fields import FieldOut
from shared.api.mapped_from import FromSource, MappedFrom
from shared.api.suggestions import SyncKeySuggestion
from shared.rules.fold import fold_text

FIRST = ("email", "username")
"""Which of two equals comes first: an address is the same in most sources, a name to sign in with is not."""
ENOUGH = 20
"""So many records without an empty or a shared value are evidence; fewer are a hint."""
FEW_RECORDS = 0.85


def sync_keys(
    fields: Mapping[str, FieldOut], sources: Mapping[str, tuple[MappedFrom, float]], samples: Sequence[Mapping[str, Any]]
) -> list[SyncKeySuggestion]:
    """Return every unique field that has a source, the best first. `sources`: by target, with the confidence that it is the right one."""
    found: dict[tuple[str, ...], SyncKeySuggestion] = {}
    for key in sorted(sources, key=_place):
        source, confidence = sources[key]
        if key in fields and fields[key].unique and isinstance(source, FromSource):
            # Two targets with one source find the same records: the second would find nobody more.
            found.setdefault(tuple(source.path), _weighed(key, source.path, confidence, samples))
    return sorted(found.values(), key=lambda one: (-one.confidence, _place(one.target)))


def best(keys: Iterable[SyncKeySuggestion]) -> list[str]:
    """Return the one to take, if any is at least likely."""
    return next(([one.target] for one in keys if one.confidence >= LIKELY), [])


def _place(key: str) -> tuple[int, str]:
    return (FIRST.index(key) if key in FIRST else len(FIRST), key)


def _weighed(key: str, path: Sequence[str], confidence: float, samples: Sequence[Mapping[str, Any]]) -> SyncKeySuggestion:
    values = [at_path(record, path) for record in samples]
    present = [fold_text(str(value)) for value in values if value not in (None, "")]
    empty = len(values) - len(present)
    duplicates = len(present) - sum(1 for value in set(present) if present.count(value) == 1)
    if duplicates:
        confidence, reason = (
            min(confidence, GUESS),
            f"{duplicates} of {len(values)} samples share a value with another: they would be one person",
        )
    elif empty:
        confidence, reason = (
            min(confidence, LIKELY),
            f"it is empty in {empty} of {len(values)} samples: those records would be found by no key",
        )
        confidence *= 1 - empty / len(values) / 2
    elif not values:
        confidence, reason = min(confidence, FEW_RECORDS), "there were no samples to look at"
    elif len(values) < ENOUGH:
        confidence, reason = min(confidence, FEW_RECORDS), f"never empty and never shared in {len(values)} samples, which are few"
    else:
        reason = f"never empty and never shared in {len(values)} samples"
    confidence = round(confidence, 2)
    return SyncKeySuggestion(
        target=key,
        confidence=confidence,
        certainty=certainty(confidence),
        samples=len(values),
        empty=empty,
        duplicates=duplicates,
        reason=reason,
    )
