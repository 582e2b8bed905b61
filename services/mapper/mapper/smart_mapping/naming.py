"""What a path's name says of its meaning: exactly, in another language, in its surroundings, or nearly. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from mapper.smart_mapping.candidates import Candidate
from mapper.smart_mapping.concepts import CONCEPTS, Concept, Name, long_names, names
from mapper.smart_mapping.context import FOREIGN, NEUTRAL, PERSON, QUALIFIERS, SUFFIXES, is_neutral
from mapper.smart_mapping.words import singular, squeezed, words

STANDARD, AMBIGUOUS, WITHIN_UNKNOWN, PART_OF_NAME, MISSPELT = 0.95, 0.78, 0.85, 0.6, 0.72
LESS_WITHIN_UNKNOWN = 0.1
PER_RANK, PER_STEP, MOST_RANKS = 0.001, 0.001, 15
NEAR_ENOUGH = 88
_WRAPPED, _WRAPPERS = {"value", "values", "text", "formatted"}, {"value", "values", "attributes", "data", "fields", "properties"}
_PARTS = {"number", "address"}
"""What the entries of a list of phone numbers or addresses call the number, the address."""


@dataclass(frozen=True, slots=True)
class Named:
    """A concept that a path's name speaks of."""

    concept: str
    score: float
    name: Name
    exact: bool
    plain: bool
    """The name means one thing, and was read as it stands."""
    within_unknown: tuple[str, ...] = ()
    """The steps around it of which nothing is known."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a path: as `words`, with what stands around them, and what was taken off the name itself."""

    words: tuple[str, ...]
    around: tuple[tuple[str, ...], ...]
    taken_off: tuple[str, ...] = ()
    loose: bool = False
    """Put together with a wrapper: `user.name` may be a user name, or the name of a user."""


def meanings(one: Candidate, *, device: bool) -> dict[str, Named]:
    """Return what the path's name, label and key may mean, by concept; the best reading of each."""
    best: dict[str, Named] = {}
    readings = tuple(_readings(one))
    for reading in readings:
        for name in names().get(squeezed(reading.words), ()):
            _keep(best, _weighed(one, name, reading, device=device))
    known = any(squeezed(reading.words) in names() for reading in readings)
    if not known and one.steps:
        for reading in readings:
            _keep(best, _misspelt(one, reading, device=device))
    if any(named.exact and named.plain and not named.within_unknown for named in best.values()):
        # What is called `Full name` is no user name, though its key is `name`.
        return {concept: named for concept, named in best.items() if named.plain}
    return best


def _keep(best: dict[str, Named], named: Named | None) -> None:
    if named is not None and (named.concept not in best or named.score > best[named.concept].score):
        best[named.concept] = named


def _readings(one: Candidate) -> Iterator[_Reading]:
    steps = one.steps
    if not steps:
        return
    leaf, around = steps[-1], steps[:-1]
    if around and (squeezed(leaf) in _WRAPPED or (squeezed(leaf) in _PARTS and squeezed(singular(around[-1])) in names())):
        leaf, around = singular(around[-1]), around[:-1]
    while around and squeezed(around[-1]) in _WRAPPERS:
        around = around[:-1]
    if one.path[-1].isdigit():
        leaf = singular(leaf)
    yield from _with_affixes(leaf, around)
    for parts in (words(text) for text in (one.label, one.key) if text):
        # A label of several words says by itself of whom it speaks; one word may need what stands around it.
        yield from _with_affixes(parts, around if len(parts) == 1 else ())
    if around:
        parent = singular(around[-1])
        loose = PERSON.issuperset(parent)
        yield _Reading((*parent, *leaf), around[:-1], loose=loose)
        yield _Reading((*leaf, *parent), around[:-1], loose=loose)


def _with_affixes(parts: tuple[str, ...], around: tuple[tuple[str, ...], ...]) -> Iterator[_Reading]:
    yield _Reading(parts, around)
    if squeezed(parts) in names():
        # `employee id` is a name, and not the id of whatever else.
        return
    for count in range(1, len(parts)):
        yield _Reading(parts[count:], around, parts[:count])
        if SUFFIXES.issuperset(parts[-count:]):
            yield _Reading(parts[:-count], around, parts[-count:])


def _weighed(one: Candidate, name: Name, reading: _Reading, *, device: bool) -> Named | None:
    concept = CONCEPTS[name.concept]
    if not _speaks_of(concept, reading, device=device):
        return None
    plain = name.tier == "standard" and not reading.loose
    score = STANDARD if plain else AMBIGUOUS
    score -= PER_RANK * min(name.rank, MOST_RANKS) + PER_STEP * len(one.path)
    unknown = () if device else tuple(" ".join(step) for step in reading.around if not is_neutral(step))
    if unknown:
        score = min(score, WITHIN_UNKNOWN) if plain else score - LESS_WITHIN_UNKNOWN
    if not is_neutral(reading.taken_off):
        score = min(score, PART_OF_NAME) if plain else 0.0
        unknown = (*unknown, " ".join(reading.taken_off))
    return Named(name.concept, score, name, exact=True, plain=plain, within_unknown=unknown)


def _speaks_of(concept: Concept, reading: _Reading, *, device: bool) -> bool:
    around = frozenset(word for step in reading.around if step[:1] != ("urn",) for word in step)
    taken_off = frozenset(reading.taken_off)
    if not device:
        return concept.subject == "person" and FOREIGN.isdisjoint((around | taken_off) - NEUTRAL)
    if concept.subject == "device":
        return PERSON.isdisjoint(around | taken_off)
    if not FOREIGN.isdisjoint(taken_off - PERSON - NEUTRAL):
        return False
    return concept.personal or not PERSON.isdisjoint(around | taken_off | frozenset(reading.words))


def _misspelt(one: Candidate, reading: _Reading, *, device: bool) -> Named | None:
    text = squeezed(reading.words)
    near = process.extractOne(text, long_names(), scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
    if near is None or near[0][0] != text[0]:
        return None
    name = names()[near[0]][0]
    added = set(reading.words) - set(words(name.text))
    if not QUALIFIERS.isdisjoint(added) or not FOREIGN.isdisjoint(added):
        return None
    found = _weighed(one, name, reading, device=device)
    return found and replace(found, score=min(found.score, MISSPELT), exact=False)
