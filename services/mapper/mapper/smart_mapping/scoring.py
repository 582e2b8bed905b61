"""How well one path fits one target: its name first, then what its values say, then what this installation mapped before. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mapper.smart_mapping.candidates import Candidate
from mapper.smart_mapping.concepts import Concept
from mapper.smart_mapping.earlier import Before, Earlier
from mapper.smart_mapping.naming import Named
from mapper.smart_mapping.shapes import STRICT, share
from mapper.smart_mapping.targets import Target
from mapper.smart_mapping.transforming import steps_of, transformations
from mapper.smart_mapping.trying import works
from mapper.smart_mapping.words import squeezed, words
from shared.api.suggestions import Certainty, Reason, SuggestedTransformation
from shared.api.transformations import Step

SURE, LIKELY, GUESS = 0.9, 0.7, 0.5
BELOW_SURE, BELOW_LIKELY = SURE - 0.01, LIKELY - 0.01
VALUES_AGREE_PLAIN, VALUES_AGREE_AMBIGUOUS = 0.03, 0.08
ALWAYS_EMPTY, SAME_NAME, ONE_OF_MANY, SHARED = 0.75, 0.92, 0.8, 0.6
ENOUGH_VALUES, MOST_SURE, HABIT = 3, 0.99, 0.05
MOST_AGREE, MANY_AGREE, SOME_AGREE = 0.9, 0.6, 0.3


@dataclass(frozen=True, slots=True)
class Scored:
    """One path for one target: how sure, why, and what has to be done to its values."""

    candidate: Candidate
    confidence: float
    reasons: tuple[Reason, ...]
    transformations: tuple[SuggestedTransformation, ...] = ()

    @property
    def steps(self) -> list[Step]:
        """All steps, as a mapping stores them."""
        return steps_of(self.transformations)

    def at_most(self, confidence: float, reason: Reason) -> "Scored":
        """Return this with a reason more, and no more confidence than given."""
        return replace(self, confidence=min(self.confidence, confidence), reasons=(*self.reasons, reason))


def certainty(confidence: float) -> Certainty:
    """Return the word for a confidence."""
    return "sure" if confidence >= SURE else "likely" if confidence >= LIKELY else "guess"


@dataclass(slots=True)
class _Tally:
    confidence: float
    bonus: float = 0.0
    """What values that look right are worth."""
    refused: bool = False
    """The values say that it is something else, whatever it is called."""
    reasons: list[Reason] = field(default_factory=list)

    def says(self, kind: str, text: str, **details: object) -> None:
        self.reasons.append(Reason(kind=kind, text=text, details=details))

    def cap(self, most: float) -> None:
        self.confidence = min(self.confidence, most)

    def refuse(self) -> None:
        self.confidence, self.refused = 0.0, True


def score(one: Candidate, target: Target, named: Mapping[str, Named], earlier: Earlier) -> Scored | None:
    """Return how well a path fits a target; None when it should not even be a guess."""
    before = earlier.of(one.path, target.field.key)
    tally = _by_name(one, target, named) or (_Tally(before.confidence) if before else None)
    if tally is None:
        return None
    needed = _transformations(one, target, before)
    if needed is None:
        return None
    if target.concept is not None:
        _by_values(tally, one, target.concept)
    if before is not None and not tally.refused:
        _by_habit(tally, before, target)
    for step in needed:
        ops = [single.op for single in step.steps]
        tally.says("needs_transformation" if step.needed else "should_be_transformed", step.reason, steps=ops)
        if step.needed:
            tally.cap(BELOW_SURE)
    if one.one_of_many:
        tally.cap(ONE_OF_MANY)
        tally.says("one_of_many", "it is the first of several, and nothing says which one is meant")
    return Scored(one, tally.confidence, tuple(tally.reasons), tuple(needed)) if tally.confidence >= GUESS else None


def _transformations(one: Candidate, target: Target, before: Before | None) -> list[SuggestedTransformation] | None:
    """Return what should be done to the values: what other mappings do, if it works here; None when they do not fit, whatever is done."""
    ours = transformations(one, target)
    if ours is not None and any(step.steps for step in ours) and not works(one, steps_of(ours), target.field):
        ours = None
    if before is None or not before.steps or (ours is not None and steps_of(ours) == list(before.steps)):
        return ours
    if not works(one, before.steps, target.field):
        return ours
    reason = f"{before.doing_so} of {before.agreeing} other mappings of it do so"
    return [SuggestedTransformation(steps=list(before.steps), needed=ours is None or any(step.needed for step in ours), reason=reason)]


def _by_habit(tally: _Tally, before: Before, target: Target) -> None:
    # It never makes sure what the name left open: what was mapped before may have been mapped wrongly.
    raised = min(tally.confidence + HABIT, BELOW_SURE) if tally.confidence >= LIKELY else before.confidence
    tally.confidence = max(tally.confidence, raised)
    text = f"{before.agreeing} of {before.known} other mappings that use it map it to {target.field.key}"
    tally.says("mapped_before", text, agreeing=before.agreeing, known=before.known)


def _by_name(one: Candidate, target: Target, named: Mapping[str, Named]) -> _Tally | None:
    if target.concept is None:
        return _by_very_name(one, target)
    found = named.get(target.concept.key)
    if found is None:
        return None
    tally = _Tally(found.score, VALUES_AGREE_PLAIN if found.plain else VALUES_AGREE_AMBIGUOUS)
    quoted, language = repr(found.name.text), found.name.language
    if not found.exact:
        tally.says("similar_name", f"the name resembles {quoted}", name=found.name.text, language=language)
    elif found.plain:
        tally.says("standard_name", f"it is called {quoted}" + _in(language), name=found.name.text, language=language)
    else:
        tally.says(
            "ambiguous_name",
            f"it is called {quoted}{_in(language)}, which may mean something else",
            name=found.name.text,
            language=language,
        )
    if found.within_unknown:
        tally.says("within_unknown", f"it stands within {', '.join(map(repr, found.within_unknown))}", within=list(found.within_unknown))
    return tally


def _in(language: str) -> str:
    return "" if language == "en" else f" ({language})"


def _by_very_name(one: Candidate, target: Target) -> _Tally | None:
    wanted = {squeezed(words(target.field.label)), squeezed(words(target.field.key))}
    given = {squeezed(words(text)) for text in (one.label, one.key) if text} | {squeezed(one.steps[-1]) if one.steps else ""}
    if wanted.isdisjoint(given):
        return None
    tally = _Tally(SAME_NAME if len(one.steps) == 1 else BELOW_SURE)
    tally.says("same_name", f"it is called as {target.field.key} is", name=target.field.key)
    return tally


def _by_values(tally: _Tally, one: Candidate, concept: Concept) -> None:
    if not one.values:
        return
    if not one.present:
        tally.cap(ALWAYS_EMPTY if tally.bonus == VALUES_AGREE_PLAIN else BELOW_LIKELY)
        tally.says("always_empty", f"it is empty in all {len(one.values)} samples", samples=len(one.values))
        return
    agree = share(concept.shape, one.present)
    counts = {"fitting": round(agree * len(one.present)), "samples": len(one.present)}
    told = f"{counts['fitting']} of {counts['samples']} values look like it"
    if agree >= MOST_AGREE:
        tally.confidence = min(tally.confidence + tally.bonus, MOST_SURE)
        tally.says("values_fit", told, **counts)
    elif agree >= MANY_AGREE and concept.shape not in STRICT:
        tally.cap(BELOW_SURE if tally.bonus == VALUES_AGREE_PLAIN else LIKELY)
        tally.says("values_mostly_fit", told, **counts)
    elif agree >= SOME_AGREE:
        tally.cap(BELOW_LIKELY)
        tally.says("values_do_not_fit", told, **counts)
    else:
        tally.refuse()
    _by_repetition(tally, one, concept)


def _by_repetition(tally: _Tally, one: Candidate, concept: Concept) -> None:
    if len(one.present) < ENOUGH_VALUES or not one.duplicates:
        return
    if concept.varies and len(set(one.folded) - {None}) == 1:
        tally.refuse()
    elif concept.distinct:
        tally.confidence *= SHARED
        tally.says("values_repeat", f"{one.duplicates} of {len(one.present)} values are shared", duplicates=one.duplicates)
