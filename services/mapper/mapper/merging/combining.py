"""What two people's fields are together, and to whom each value goes when they are two again. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mapper.fields.values import LONGEST_LIST
from shared.api.matching import GivenBack, MergedField
from shared.rules.fold import fold_text

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Since:
    """A change of the one who stayed while both were one."""

    changes: Mapping[str, tuple[Any, Any]]
    by_merged: bool
    """A source said so that knew the one who went."""
    says: str


@dataclass(slots=True)
class Two:
    """Both people again."""

    kept: Fields
    merged: Fields
    given_back: dict[str, GivenBack] = field(default_factory=dict)


def combine(kept: Mapping[str, Any], merged: Mapping[str, Any]) -> tuple[Fields, list[MergedField]]:
    """Return what both are together: the one who stays has the last word, what they lack is filled in, lists are united."""
    result, told = dict(kept), []
    for key, other in sorted(merged.items()):
        mine = kept.get(key)
        if _is_empty(other) or mine == other:
            continue
        if _is_empty(mine):
            result[key], rule = other, "filled"
        elif isinstance(mine, list) and isinstance(other, list) and len(both := _united(mine, other)) <= LONGEST_LIST:
            result[key], rule = both, "united"
        else:
            rule = "kept"
        told.append(MergedField.model_validate({"field": key, "kept": mine, "merged": other, "result": result[key], "rule": rule}))
    return result, told


def separate(kept: Mapping[str, Any], merged: Mapping[str, Any], since: Sequence[Since]) -> Two:
    """Return both as they were, with what was changed since on the side to which it belongs.

    What a source said that knew the one who went is theirs; what anybody else said is the other's. Items that were added to a list,
    or taken out of it, by anybody else are so in the list of the one who stays, and taken out of both.
    """
    two = Two(dict(kept), dict(merged))
    for change in since:
        for key, (before, after) in change.changes.items():
            if change.by_merged:
                two.merged[key] = after
            elif isinstance(before, list) and isinstance(after, list) and isinstance(kept.get(key) or [], list):
                _change_lists(two, key, before, after)
            else:
                two.kept[key] = after
            mine = two.merged if change.by_merged else two.kept
            goes_to = "merged" if change.by_merged else "kept"
            two.given_back[key] = GivenBack.model_validate({"field": key, "value": mine.get(key), "goes_to": goes_to, "why": change.says})
    return two


def _change_lists(two: Two, key: str, before: Sequence[str], after: Sequence[str]) -> None:
    gone, there = _folded(before) - _folded(after), _folded(before)
    added = [item for item in after if fold_text(str(item)) not in there]
    two.kept[key] = _united([one for one in two.kept.get(key) or [] if fold_text(str(one)) not in gone], added)
    if two.merged.get(key):
        two.merged[key] = [one for one in two.merged[key] if fold_text(str(one)) not in gone]


def _united(one: Sequence[str], other: Sequence[str]) -> list[str]:
    there = _folded(one)
    return [*one, *(item for item in other if fold_text(str(item)) not in there)]


def _folded(items: Collection[str]) -> set[str]:
    return {fold_text(str(item)) for item in items}


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])
