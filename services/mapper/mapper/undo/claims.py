"""Unique values that records would have again: whoever holds one now keeps it, unless the same undo takes it from them. Pure."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from mapper.fields.values import unique_key
from mapper.records.changing import Draft
from mapper.records.unique import Claim, claims_of
from mapper.undo.reversal import Reversal


def wanted_by(reversals: Mapping[UUID, Reversal], unique: Sequence[str]) -> dict[UUID, list[Claim]]:
    """Return the unique values that each record would have again."""
    return {
        record_id: claims_of({key: back for key, (_, back) in reversal.fields.items()}, unique)
        for record_id, reversal in reversals.items()
        if reversal.action in {"put_back", "bring_back"}
    }


def settle(reversals: Mapping[UUID, Reversal], drafts: Mapping[UUID, Draft], holders: Mapping[Claim, UUID], unique: Sequence[str]) -> None:
    """Let go of what somebody else has. All records of a batch change together, so two may have their values back from each other."""
    while True:
        wanted = wanted_by(reversals, unique)
        given_up = {(record_id, claim) for record_id, claim in _given_up(reversals, drafts, unique)}
        taken: dict[Claim, UUID] = {}
        refused = [
            (record_id, claim)
            for record_id, claims in sorted(wanted.items())
            for claim in claims
            if _is_taken(record_id, claim, holders, given_up) or taken.setdefault(claim, record_id) != record_id
        ]
        if not refused:
            return
        for record_id, (key, _) in refused:
            _refuse(reversals[record_id], key)


def _given_up(reversals: Mapping[UUID, Reversal], drafts: Mapping[UUID, Draft], unique: Sequence[str]) -> list[tuple[UUID, Claim]]:
    found = []
    for record_id, reversal in reversals.items():
        draft = drafts.get(record_id)
        if draft is None or reversal.action not in {"put_back", "remove"}:
            continue
        found += [(record_id, (key, unique_key(draft.fields[key]))) for key in unique if key in reversal.fields and draft.fields.get(key)]
    return found


def _is_taken(record_id: UUID, claim: Claim, holders: Mapping[Claim, UUID], given_up: set[tuple[UUID, Claim]]) -> bool:
    holder = holders.get(claim, record_id)
    return holder != record_id and (holder, claim) not in given_up


def _refuse(reversal: Reversal, key: str) -> None:
    message = f"another record has this {key} now, so it stays"
    if reversal.action == "bring_back":
        reversal.keep("value_taken", message)
    elif key in reversal.fields:
        reversal.keep_field(key, "value_taken", message)
