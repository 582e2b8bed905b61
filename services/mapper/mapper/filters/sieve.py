"""A filter made ready for the records of a page. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mapper.mappings.evaluate import Context, Evaluation, Problem, Target
from shared.api.fields import FieldOut
from shared.api.filters import FilterIn
from shared.api.mapped_from import FromSource, MappedFrom
from shared.rules import At, Predicate
from shared.rules.evaluate import Reason
from shared.rules.model import fields_of


@dataclass(frozen=True, slots=True)
class CompiledFilter:
    """A filter of one version of a mapping."""

    targets: tuple[Target, ...]
    """Only what the rule looks at: a record that is held back need not be fit to be written."""
    rule: Any


def compile_filter(given: FilterIn | None, mapped: Mapping[str, MappedFrom], person: Mapping[str, FieldOut]) -> CompiledFilter | None:
    """Return a filter ready for records, given the mapping that it is stored with; None for one that lets everybody through."""
    if given is None:
        return None
    looked_at = fields_of(given.rule)
    targets = [Target(key, person[key].data_type, mandatory=False, source=mapped[key]) for key in sorted(looked_at & mapped.keys())]
    for name in sorted(looked_at & given.source_fields.keys()):
        field = given.source_fields[name]
        targets.append(Target(name, field.data_type, mandatory=False, source=FromSource(path=field.path)))
    return CompiledFilter(tuple(targets), given.rule)


class Sieve:
    """Lets records of one page through, or tells why not."""

    def __init__(self, given: CompiledFilter, context: Context, at: At) -> None:
        self._predicate = Predicate(given.rule, at)
        self._evaluation = Evaluation(given.targets, context)

    def stops(self, record: Mapping[str, Any]) -> Sequence[Reason] | Problem | None:
        """Return the conditions that a record fails, or the problem that keeps it from being compared; None when it passes."""
        values = self._evaluation.of(record)
        if isinstance(values, Problem):
            return values
        return None if self._predicate(values) else self._predicate.why_not(values)
