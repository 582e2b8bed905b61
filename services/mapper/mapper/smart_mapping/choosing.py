"""One source for each target: the surest; the others are alternatives, and never sure. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mapper.smart_mapping.candidates import Candidate
from mapper.smart_mapping.composing import FEW, MOST, begins_address, composed, fills_gaps, says_the_same
from mapper.smart_mapping.context import speaks_of_others
from mapper.smart_mapping.earlier import Earlier
from mapper.smart_mapping.naming import AMBIGUOUS, Named, meanings
from mapper.smart_mapping.scoring import BELOW_LIKELY, BELOW_SURE, GUESS, LIKELY, SURE, Scored, score
from mapper.smart_mapping.shapes import share
from mapper.smart_mapping.targets import Target
from mapper.smart_mapping.trying import works
from shared.api.suggestions import Reason, SuggestedTransformation
from shared.api.transformations import FirstOf, Item, Split, Trim

MOST_ALTERNATIVES = 3
TOGETHER = frozenset({"username", "email"})
"""Targets that may well have the same source."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A target with its source, and what else it could be."""

    target: Target
    best: Scored
    others: tuple[Scored, ...]


def chosen(sources: Sequence[Candidate], targets: Sequence[Target], earlier: Earlier, *, device: bool) -> list[Chosen]:
    """Return at most one source for each target, in the order of the targets."""
    named = [(one, meanings(one, device=device)) for one in sources if not one.is_yes_or_no]
    unnamed: list[tuple[Candidate, dict[str, Named]]] = [(one, {}) for one in sources]
    ranked = {target.field.key: _ranked(target, unnamed if target.field.data_type == "boolean" else named, earlier) for target in targets}
    by_concept = {target.concept.key: target.field.key for target in reversed(targets) if target.concept}
    _weigh_names(ranked, by_concept, named)
    _stand_in(ranked, by_concept, named, device=device)
    picked = [_pick(target, ranked[target.field.key]) for target in targets if ranked[target.field.key]]
    return _one_meaning_each(picked)


def _ranked(target: Target, named: Iterable[tuple[Candidate, dict[str, Named]]], earlier: Earlier) -> list[Scored]:
    return _in_order(found for one, names in named if (found := score(one, target, names, earlier)))


def _in_order(scored: Iterable[Scored]) -> list[Scored]:
    return sorted(scored, key=lambda one: (-one.confidence, len(one.candidate.path), one.candidate.path))


def _weigh_names(ranked: dict[str, list[Scored]], keys: Mapping[str, str], named: Sequence[tuple[Candidate, dict[str, Named]]]) -> None:
    """Take the name that holds first and last name for the full one, whatever it is called; one that holds neither is somebody else's."""
    full = keys.get("full_name")
    first, last = (_named_best(named, concept) for concept in ("first_name", "last_name"))
    if full is None or first is None or last is None:
        return
    ranked[full] = _in_order(one for entry in ranked[full] if (one := _composed(entry, first, last)))


def _named_best(named: Sequence[tuple[Candidate, dict[str, Named]]], concept: str) -> Candidate | None:
    found = [(names[concept].score, one) for one, names in named if concept in names and one.present]
    return max(found, key=lambda entry: entry[0])[1] if found else None


def _composed(entry: Scored, first: Candidate, last: Candidate) -> Scored | None:
    whole = composed(entry.candidate, first, last)
    if whole is None:
        return entry
    details = {"first_name": list(first.path), "last_name": list(last.path)}
    if whole >= MOST:
        reason = Reason(kind="holds_both_names", text="its values hold the first and the last name", details=details)
        return replace(entry, confidence=min(max(entry.confidence, SURE) + 0.02, 0.99), reasons=(*entry.reasons, reason))
    if whole > FEW:
        return entry.at_most(
            BELOW_SURE, Reason(kind="holds_both_names_at_times", text="some of its values lack the first or the last name", details=details)
        )
    return None


def _stand_in(
    ranked: dict[str, list[Scored]],
    keys: Mapping[str, str],
    named: Sequence[tuple[Candidate, dict[str, Named]]],
    *,
    device: bool,
) -> None:
    """Find what nothing is named after: a user name that is an e-mail address, an address under an odd name, parts of a full name."""
    username, email, full = (keys.get(concept) for concept in ("username", "email", "full_name"))
    if email is not None and not ranked[email]:
        ranked[email] = _address(ranked.get(username or "", []), named, device=device)
    if username is not None and email is not None and not (ranked[username] and ranked[username][0].confidence >= LIKELY):
        ranked[username] = [*_sign_in(ranked[email], named), *ranked[username]]
    if full is not None and ranked[full] and ranked[full][0].candidate.kind == "text":
        for concept, place in (("first_name", 0), ("last_name", -1)):
            key = keys.get(concept)
            if key is not None and not ranked[key]:
                ranked[key] = [_split(ranked[full][0], place)]


def _sign_in(addresses: Sequence[Scored], named: Sequence[tuple[Candidate, dict[str, Named]]]) -> list[Scored]:
    if not addresses:
        return []
    best = addresses[0]
    before = Reason(
        kind="part_before_the_at",
        text="its values are what stands before the @ of the e-mail addresses",
        details={"email": list(best.candidate.path)},
    )
    found = [
        Scored(one, AMBIGUOUS, (before,)) for one, _ in named if not speaks_of_others(one.steps) and begins_address(one, best.candidate)
    ]
    reason = Reason(kind="no_user_name", text="the source has no name to sign in with, and an e-mail address names one person")
    return _in_order(
        [
            *found,
            replace(best, confidence=min(best.confidence, AMBIGUOUS - 0.01) if found else best.confidence, reasons=(reason, *best.reasons)),
        ]
    )[: len(found) + 1]


def _address(logins: Sequence[Scored], named: Sequence[tuple[Candidate, dict[str, Named]]], *, device: bool) -> list[Scored]:
    signed_in = [one for one in logins if one.candidate.present and share("email", one.candidate.present) == 1]
    if signed_in:
        reason = Reason(
            kind="values_are_addresses", text="the source has no e-mail address but the names to sign in with, which look like addresses"
        )
        return [replace(signed_in[0], confidence=min(signed_in[0].confidence, AMBIGUOUS), reasons=(reason,))]
    if device:
        return []
    shaped = [one for one, names in named if not names and _looks_like_an_address(one)]
    reason = Reason(kind="values_are_addresses", text="it alone has values that look like e-mail addresses, no two the same")
    return [Scored(shaped[0], GUESS + 0.05, (reason,))] if len(shaped) == 1 and len(shaped[0].present) > 1 else []


def _looks_like_an_address(one: Candidate) -> bool:
    return len(one.path) == 1 and not speaks_of_others(one.steps) and share("email", one.present) == 1 and not one.duplicates


def _split(full: Scored, place: int) -> Scored:
    cut = SuggestedTransformation(
        steps=[Trim(), Split(separator=" "), Item(index=place)],
        needed=True,
        reason="the source has the full name only; names of more than two words come out wrong",
    )
    reason = Reason(kind="part_of_full_name", text=cut.reason, details={"index": place})
    return Scored(full.candidate, min(full.confidence, GUESS + 0.05), (reason,), (cut,))


def _pick(target: Target, ranked: Sequence[Scored]) -> Chosen:
    best, *rest = ranked
    best = _settled(best, rest)
    best = _filled(best, target, rest)
    lower = Reason(kind="less_fitting", text="another source fits better")
    return Chosen(target, best, tuple(one.at_most(min(best.confidence, BELOW_SURE), lower) for one in rest[:MOST_ALTERNATIVES]))


def _settled(best: Scored, rest: Sequence[Scored]) -> Scored:
    """Return the best, not sure while another path could be it as surely and says something else."""
    rival = next((one for one in rest if one.confidence >= SURE and not says_the_same(best.candidate, one.candidate)), None)
    if rival is None:
        return best
    path = list(rival.candidate.path)
    return best.at_most(BELOW_SURE, Reason(kind="another_as_good", text=f"{'.'.join(path)!r} could be it as well", details={"path": path}))


def _filled(best: Scored, target: Target, rest: Sequence[Scored]) -> Scored:
    values = best.candidate.values
    empty = sum(1 for value in values if value is None)
    if not empty or not target.field.mandatory or empty == len(values):
        return best
    reason = Reason(
        kind="empty_at_times",
        text=f"it is empty in {empty} of {len(values)} samples, and every record needs {target.field.key}",
        details={"empty": empty},
    )
    lowered = best.at_most(BELOW_SURE, reason)
    other = fills_gaps(best.candidate, [one.candidate for one in rest if one.confidence >= LIKELY])
    if other is None:
        return lowered
    filling = SuggestedTransformation(
        steps=[FirstOf(paths=[list(other.path)])],
        needed=False,
        reason=f"where it is empty, {'.'.join(other.path)!r} has a value",
    )
    # Before all others: what is taken from there has to go through them as well.
    filled = replace(lowered, transformations=(filling, *lowered.transformations))
    return filled if works(filled.candidate, filled.steps, target.field) else lowered


def _one_meaning_each(picked: Sequence[Chosen]) -> list[Chosen]:
    """Let one path be sure for one target only, but for a user name that is the e-mail address."""
    sure: dict[tuple[str, ...], Target] = {}
    settled: dict[str, Chosen] = {}
    for one in sorted(picked, key=lambda entry: -entry.best.confidence):
        key = one.target.field.key
        if one.best.confidence < SURE:
            settled[key] = one
            continue
        holder = sure.setdefault(one.best.candidate.path, one.target)
        settled[key] = one if _may_share(one.target, holder) else _given_way(one, holder)
    return [settled[one.target.field.key] for one in picked]


def _given_way(one: Chosen, holder: Target) -> Chosen:
    key = holder.field.key
    lowered = one.best.at_most(BELOW_LIKELY, Reason(kind="taken", text=f"it fits {key} better", details={"target": key}))
    best, *others = _in_order((lowered, *one.others))
    return replace(one, best=best, others=tuple(others))


def _may_share(one: Target, other: Target) -> bool:
    return (
        one.concept is None
        or other.concept is None
        or one.concept == other.concept
        or frozenset({one.concept.key, other.concept.key}) == TOGETHER
    )
