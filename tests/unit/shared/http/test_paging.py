"""Cursors: whoever brings one that is not ours, or another list's, is told so."""

from uuid import UUID

import pytest

from shared.http.paging import AS_GIVEN, BadCursor, encode_cursor, id_in

AN_ID = UUID("01981e2c-0000-7000-8000-000000000001")


def test_a_cursor_that_is_an_id_leads_to_it() -> None:
    """A list that is sorted by id goes on behind it."""
    assert id_in(encode_cursor([str(AN_ID)])) == AN_ID


@pytest.mark.parametrize("cursor", ["?", encode_cursor(["no id"]), encode_cursor([str(AN_ID), "more"]), encode_cursor([7])])
def test_another_lists_cursor_is_refused_with_its_field_and_a_remedy(cursor: str) -> None:
    """Taken for the beginning, it would give the first page again and again."""
    with pytest.raises(BadCursor) as caught:
        id_in(cursor)
    assert (caught.value.remedy, caught.value.fields[0]["field"]) == (AS_GIVEN, "cursor")
