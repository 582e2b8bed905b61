"""Which of a page's records can be kept as the source gave them; the others are refused one by one, and shown with escapes."""

from dataclasses import replace
from typing import Any

from connector.sources.base import Observed, SourcePage
from connector.sources.parsing import DEEPEST
from connector.storable import escaped, storable, storable_json, unstorable_in
from shared.events.syncs import Rejection

NOT_STORABLE = "record_not_storable"
"""The code of such an error. Its record is escaped: it is never told again as if it were the source's."""


def kept(page: SourcePage) -> SourcePage:
    """Return the page with every record that cannot be stored among the rejected. The rest of the page goes through."""
    if not page.rejected and storable_json([user.source_id for user in page.users]) is not None:
        written = storable_json([user.record for user in page.users])
        if written is not None:
            return replace(page, written=written)
    users: list[Observed] = []
    refused: list[Rejection] = []
    for user in page.users:
        rejection = refusal(user)
        if rejection is None:
            users.append(user)
        else:
            refused.append(rejection)
    return replace(page, users=users, rejected=[*map(_shown, page.rejected), *refused])


def refusal(user: Observed) -> Rejection | None:
    """Return why a record cannot be stored, or None when it can."""
    where = unstorable_in(user.record)
    if where is None and unstorable_in(user.source_id) is None:
        return None
    field = where or "id"
    return Rejection(
        source_id=storable(user.source_id),
        code=NOT_STORABLE,
        message=f"{field[:200]} holds a NUL, half of a character (a lone surrogate), bytes that are not UTF-8, a number beyond JSON, "
        f"or more than {DEEPEST} lists and objects inside each other",
        field=field[:200],
        remedy="Mend the value at the source. The record is shown with escapes in place of what cannot be stored.",
        record=escaped(user.record),
    )


def _shown(rejection: Rejection) -> Rejection:
    record: Any = rejection.record
    return rejection if record is None or unstorable_in(record) is None else rejection.model_copy(update={"record": escaped(record)})
