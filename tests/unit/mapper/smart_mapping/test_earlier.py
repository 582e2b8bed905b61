"""What this installation mapped before counts, below what names say."""

from mapper.smart_mapping.earlier import counted
from shared.api.mapped_from import FromSource
from tests.support.smart_mapping import by_target, custom, suggested

BADGE = custom("Badge")


def test_what_was_mapped_before_is_likely_and_never_sure() -> None:
    """Habit finds what no name says, and a habit may be wrong."""
    records = [{"extensionAttribute7": f"B{number}"} for number in range(5)]
    assert not by_target(suggested(records, BADGE))
    earlier = counted([{"badge": FromSource(path=["extensionAttribute7"])}] * 50)
    found = by_target(suggested(records, BADGE, earlier=earlier))["badge"]
    assert found.certainty == "likely"
    assert found.reasons[0].details == {"agreeing": 50, "known": 50}


def test_a_standard_name_outweighs_a_habit() -> None:
    """Fifty mappings to a strange address do not make it the address."""
    records = [{"email": f"a{number}@example.com", "x500": f"b{number}@example.com"} for number in range(5)]
    earlier = counted([{"email": FromSource(path=["x500"])}] * 50)
    found = by_target(suggested(records, earlier=earlier))["email"]
    assert (getattr(found.source, "path", None), found.certainty) == (["email"], "sure")
    assert [getattr(other.source, "path", None) for other in found.alternatives] == [["x500"]]


def test_a_habit_does_not_outweigh_values() -> None:
    """What was an address elsewhere is none here."""
    records = [{"x500": f"room {number}"} for number in range(5)]
    assert "email" not in by_target(suggested(records, earlier=counted([{"email": FromSource(path=["x500"])}] * 50)))


def test_a_path_that_went_elsewhere_as_often_counts_for_less() -> None:
    """Two habits are none."""
    split = [{"badge": FromSource(path=["field"])}, *[{"other": FromSource(path=["field"])}] * 9]
    assert not by_target(suggested([{"field": "x"}] * 3, BADGE, earlier=counted(split)))


def test_a_habit_raises_what_is_likely_and_leaves_it_likely() -> None:
    """A name that may mean something else stays one."""
    records = [{"name": f"Ada Lovelace {'I' * number}"} for number in range(1, 5)]
    without = by_target(suggested(records))["full_name"].confidence
    earlier = counted([{"full_name": FromSource(path=["Name"])}] * 50)
    found = by_target(suggested(records, earlier=earlier))["full_name"]
    assert found.confidence > without
    assert found.certainty == "likely"
