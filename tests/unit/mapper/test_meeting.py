"""Whether a sample is met: what is expected is compared, and only that."""

from typing import Any

import pytest

from mapper.samples.meeting import differences
from shared.api.samples import Expectation


def values(**given: Any) -> Expectation:
    """Return expected or actual values."""
    return Expectation(values=given)


REJECTED = Expectation.model_validate({"rejected": {"code": "missing_value", "field": "email"}})
OTHERWISE = Expectation.model_validate({"rejected": {"code": "missing_value", "field": "username"}})


@pytest.mark.parametrize(
    ("expected", "actual", "fields"),
    [
        (values(a="1"), values(a="1", b="2"), []),
        (values(a="1", b=None), values(a="1"), []),
        (values(a="1", b="2"), values(a="1"), ["b"]),
        (values(a=1), values(a=True), ["a"]),
        (values(a=1), values(a=1.0), []),
        (values(a="1"), values(a=1), ["a"]),
        (REJECTED, REJECTED, []),
        (REJECTED, OTHERWISE, ["rejected"]),
        (REJECTED, values(a="1"), ["rejected"]),
        (values(a="1"), REJECTED, ["rejected"]),
    ],
)
def test_only_what_is_expected_counts(expected: Expectation, actual: Expectation, fields: list[str]) -> None:
    """A field that is mapped in addition breaks nothing; a value that becomes a rejection does."""
    assert [one.field for one in differences(expected, actual)] == fields
