"""Whether a mapping makes of a record what is expected of it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mapper.mappings.evaluate import Context, Problem, Target, evaluate
from shared.api.mapped_from import FromSyncTime
from shared.api.samples import Expectation, RejectedAs, SampleDifference

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC).isoformat()
REJECTED = "rejected"


def outcome_of(targets: Sequence[Target], record: Mapping[str, Any], inputs: Mapping[str, str]) -> Expectation:
    """Return what a mapping makes of a record: its values, but for those of the moment, or its rejection."""
    lasting = [target for target in targets if not isinstance(target.source, FromSyncTime)]
    values = evaluate(lasting, record, Context(inputs, "", LONG_AGO))
    if isinstance(values, Problem):
        return Expectation(rejected=RejectedAs(code=values.code, field=values.field))
    return Expectation(values={key: value for key, value in values.items() if value is not None})


def differences(expected: Expectation, actual: Expectation) -> list[SampleDifference]:
    """Return where a mapping makes something else; a value that nobody expected is none."""
    if expected.values is not None and actual.values is not None:
        return [
            SampleDifference(field=key, expected=value, actual=actual.values.get(key))
            for key, value in expected.values.items()
            if not _same(value, actual.values.get(key))
        ]
    if expected.rejected == actual.rejected:
        return []
    return [SampleDifference(field=REJECTED, expected=_said(expected), actual=_said(actual))]


def _same(expected: Any, actual: Any) -> bool:
    """Return whether two values are the same; yes is not 1, whatever Python says."""
    return isinstance(expected, bool) is isinstance(actual, bool) and bool(expected == actual)


def _said(expectation: Expectation) -> Any:
    return None if expectation.rejected is None else expectation.rejected.model_dump()
