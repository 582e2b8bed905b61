"""Sophos Central's users: pages of the directory, and the question whether one user is there."""

import re
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from connector.sources.base import Cursor, Observed, SourcePage
from connector.sources.sophos.api import NOT_FOUND, Account
from connector.sources.sophos.errors import UnexpectedAnswer, malformed
from connector.sources.sophos.models import Pages, observed
from connector.sources.wire import Answer
from shared.errors import Invalid
from shared.events.sources import ProofOfAbsence

USERS = "/common/v1/directory/users"
ASKABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
"""Ids that may stand in a path: Sophos gives UUIDs; nothing else than one path segment ever leaves."""
MOST_PAGES = 1_000_000


class UsersSession:
    """The users of one tenant, for one run."""

    def __init__(self, account: Account, page_size: int) -> None:
        self._account = account
        self._page_size = page_size

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._account.requests

    async def page(self, cursor: Cursor | None) -> SourcePage:
        """Return one page, ordered by id so that pages stay where they are while users come and go."""
        cursor = cursor or {"page": 1, "total": None}
        number: int = cursor["page"]
        # The total costs the source a count, so it is asked for once.
        params = {"pageSize": str(self._page_size), "page": str(number), "sort": "id:asc"} | ({"pageTotal": "true"} if number == 1 else {})
        answer = await self._account.get(USERS, params)
        records, pages = _listing(answer, number)
        total = pages.total if number == 1 else cursor["total"]
        users, rejected = observed(records)
        size = min(self._page_size, pages.size) if pages.size and pages.size > 0 else self._page_size
        ends = not records or (len(records) < size and (total is None or number >= total))
        if not ends and number >= MOST_PAGES:
            raise malformed(f"GET {USERS}", "goes on without end", answer)
        return SourcePage(users, rejected, answer.at, None if ends else {"page": number + 1, "total": total})

    async def look_for(self, source_id: str) -> ProofOfAbsence | Observed:
        """Ask for one user by id."""
        return await look_for(self._account, source_id)


async def look_for(account: Account, source_id: str) -> ProofOfAbsence | Observed:
    """Return the user, or the proof that Sophos does not have them. Raises whatever is neither."""
    path = user_path(source_id)
    answer = await account.get(path)
    if answer.status == NOT_FOUND:
        return proof_of_absence(source_id, path, answer)
    if str(answer.body.get("id", "")).lower() != source_id.lower():
        raise malformed(f"GET {path}", "is about somebody else", answer)
    return Observed(source_id, answer.body)


def proof_of_absence(source_id: str, path: str, answer: Answer) -> ProofOfAbsence:
    """Return the proof that a 404 is. Raises `UnexpectedAnswer` when it does not look like Sophos' own: a proxy proves nothing."""
    if not answer.is_json or not answer.body.get("error"):
        raise UnexpectedAnswer(
            f"GET {path} answered 404, but not in Sophos' words",
            remedy="Something between the connector and Sophos answers in its place; check the proxy.",
            code="sophos_foreign_404",
            source_status=answer.status,
        )
    return ProofOfAbsence(
        source_id=source_id, asked=f"GET {path}", status=answer.status, asked_at=answer.at, source_correlation_id=answer.correlation_id
    )


def user_path(source_id: str) -> str:
    """Return the path of one user. Raises `Invalid` for what cannot be an id."""
    if not ASKABLE.fullmatch(source_id) or set(source_id) <= {"."}:
        raise Invalid(
            f"{source_id[:60]!r} is not a Sophos user id", code="not_a_source_id", remedy="Use the id as Sophos gives it, a UUID."
        )
    return f"{USERS}/{quote(source_id, safe='')}"


async def shown(account: Account, source_ids: list[str]) -> list[Observed]:
    """Return those of at most 100 users whom the list shows; whoever is not shown may still be there."""
    answer = await account.get(USERS, {"pageSize": "100", "page": "1", "ids": ",".join(source_ids)})
    records, _ = _listing(answer, 1)
    users, _ = observed(records)
    return users


def _listing(answer: Answer, number: int) -> tuple[list[Any], Pages]:
    records = answer.body.get("items")
    if answer.status == NOT_FOUND or not isinstance(records, list):
        raise malformed(f"GET {USERS}", "is not a list of users", answer)
    told = answer.body.get("pages")
    try:
        pages = Pages.model_validate(told if isinstance(told, dict) else {})
    except ValidationError:
        pages = Pages()
    if pages.current is not None and pages.current != number:
        raise malformed(f"GET {USERS}", f"is page {pages.current} instead of page {number}", answer)
    return records, pages
