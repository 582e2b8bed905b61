"""What this installation mapped before: which paths its other integrations use for which target. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from mapper.smart_mapping.words import squeezed, words
from shared.api.mapped_from import FromSource, MappedFrom
from shared.api.transformations import Step

STEPS: TypeAdapter[list[Step]] = TypeAdapter(list[Step])
FROM_ONE, PER_MORE, MOST = 0.72, 0.04, 0.84
"""Below every standard name: what was done before is a habit, not a meaning."""


@dataclass(frozen=True, slots=True)
class Before:
    """How often a path was mapped to one target, of how many mappings that use the path."""

    agreeing: int
    known: int
    steps: tuple[Step, ...] = ()
    """What most of them do with the value on its way."""
    doing_so: int = 0

    @property
    def confidence(self) -> float:
        """How much that alone is worth."""
        return min(FROM_ONE + PER_MORE * (self.agreeing - 1), MOST) * (self.agreeing / self.known)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The mappings of other integrations, counted."""

    _used: Mapping[str, int] = field(default_factory=dict)
    _mapped: Mapping[str, Counter[str]] = field(default_factory=dict)
    _steps: Mapping[tuple[str, str], Counter[str]] = field(default_factory=dict)

    def of(self, path: Sequence[str], target: str) -> Before | None:
        """Return how often a path of this name was mapped to `target`; None when it never was."""
        key = _key(path)
        agreeing = self._mapped[key][target] if key in self._mapped else 0
        if not agreeing:
            return None
        told, doing_so = self._steps[key, target].most_common(1)[0]
        return Before(agreeing, self._used[key], tuple(STEPS.validate_json(told)), doing_so)


def counted(mappings: Iterable[Mapping[str, MappedFrom]]) -> Earlier:
    """Return the mappings counted; each counts once for each path that it uses."""
    used: Counter[str] = Counter()
    mapped: defaultdict[str, Counter[str]] = defaultdict(Counter)
    steps: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for targets in mappings:
        found = [(_key(source.path), target, source.steps) for target, source in targets.items() if isinstance(source, FromSource)]
        used.update({key for key, _, _ in found})
        for key, target, does in found:
            mapped[key][target] += 1
            steps[key, target][STEPS.dump_json(does).decode()] += 1
    return Earlier(used, mapped, steps)


def _key(path: Sequence[str]) -> str:
    return ".".join(squeezed(words(step)) or step for step in path)
