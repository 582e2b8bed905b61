"""Two people's fields as one, and as two again: a property, for all that may happen in between."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mapper.merging.combining import Since, combine, separate
from shared.rules.fold import fold_text

TEXT = ("department", "title", "site")
LISTS = ("tags",)
VALUES = st.sampled_from(["", None, "a", "b", "c"])
ITEMS = st.lists(st.sampled_from(["red", "Red", "blue", "green"]), max_size=3, unique_by=fold_text)
PEOPLE = st.fixed_dictionaries({}, optional={**dict.fromkeys(TEXT, VALUES), **dict.fromkeys(LISTS, ITEMS)})


@given(PEOPLE, PEOPLE)
def test_two_who_were_one_and_nothing_happened_are_as_they_were(kept: dict[str, Any], merged: dict[str, Any]) -> None:
    """Taking a merge back must not cost anything: merge, then unmerge, is nothing."""
    combine(kept, merged)
    two = separate(kept, merged, [])
    assert (two.kept, two.merged, two.given_back) == (kept, merged, {})


@given(PEOPLE, PEOPLE)
def test_together_they_lack_nothing_that_either_had(kept: dict[str, Any], merged: dict[str, Any]) -> None:
    """The one who stays has the last word, and nothing is lost that nobody contradicts."""
    result, told = combine(kept, merged)
    for key in {*kept, *merged}:
        mine, other = kept.get(key), merged.get(key)
        if key in LISTS:
            assert {fold_text(one) for one in [*(mine or []), *(other or [])]} == {fold_text(one) for one in result.get(key) or []}
        else:
            assert result.get(key) == (mine if mine not in (None, "") else other if other not in (None, "") else mine)
    assert all(one.result == result[one.field] for one in told)


CHANGES = st.lists(st.tuples(st.sampled_from(TEXT), st.booleans(), st.booleans()), max_size=8)


@given(PEOPLE, PEOPLE, CHANGES)
def test_what_is_said_meanwhile_goes_to_whom_its_source_knew(
    kept: dict[str, Any], merged: dict[str, Any], changes: list[tuple[str, bool, bool]]
) -> None:
    """Two people written apart, and the same two written while they were one, end as the same two."""
    one, _ = combine(kept, merged)
    apart = {False: dict(kept), True: dict(merged)}
    since = []
    for number, (key, by_merged, empties) in enumerate(changes):
        value = None if empties and one.get(key) is not None else f"said {number}"
        since.append(Since({key: (one.get(key), value)}, by_merged=by_merged, says="a run"))
        one[key] = apart[by_merged][key] = value
    two = separate(kept, merged, since)
    assert (two.kept, two.merged) == (apart[False], apart[True])
    assert {key: given.goes_to for key, given in two.given_back.items()} == {
        key: "merged" if by_merged else "kept" for key, by_merged, _ in changes
    }


@given(PEOPLE, PEOPLE, st.sampled_from(["red", "blue", "new"]), st.booleans())
def test_a_tag_that_a_hand_adds_or_takes_away_is_so_afterwards(kept: dict[str, Any], merged: dict[str, Any], tag: str, adds: bool) -> None:
    """Whoever took a tag away did not want to see it again, on neither."""
    one, _ = combine(kept, merged)
    before = one.get("tags") or []
    adds = adds and tag not in {fold_text(item) for item in before}
    after = [*before, tag] if adds else [item for item in before if fold_text(item) != tag]
    two = separate(kept, merged, [Since({"tags": (before, after)}, by_merged=False, says="a hand")])
    there = {fold_text(item) for item in after}
    assert {fold_text(item) for item in [*(two.kept.get("tags") or []), *(two.merged.get("tags") or [])]} <= there
    assert not adds or tag in {fold_text(item) for item in two.kept["tags"]}
