"""Whether steps do on samples what they are suggested for: what has failed before anybody saved it is not suggested. Pure."""

from collections.abc import Sequence

from mapper.fields.values import DoesNotFit, fitted_to
from mapper.smart_mapping.candidates import Candidate
from mapper.transformations.failing import StepFailed
from mapper.transformations.kinds import problems_of
from mapper.transformations.paths import at_path
from mapper.transformations.steps import transforming
from shared.api.fields import FieldOut
from shared.api.transformations import Step


def works(one: Candidate, steps: Sequence[Step], field: FieldOut) -> bool:
    """Return whether a mapping could be stored with these steps, and the field takes what they make of every sample, one at least."""
    if next(problems_of("any", steps, field.data_type), None) is not None:
        return False
    transform = transforming(steps)
    taken = 0
    for record in one.records:
        try:
            taken += fitted_to(transform(at_path(record, one.path), record), field) is not None
        except (StepFailed, DoesNotFit):
            return False
    return taken > 0
