"""Pages of a described API, and the question whether one user is there."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from typing_extensions import override

from connector.sources.base import Cursor, Observed, Session, SourcePage
from connector.sources.rest.answers import proof_of_absence, refused, strange
from connector.sources.rest.description import Description
from connector.sources.rest.paths import at
from connector.sources.wire import Answer
from connector.storable import unstorable_in
from shared.errors import Invalid
from shared.events.sources import ProofOfAbsence
from shared.events.syncs import Rejection

Ask = Callable[[str, dict[str, str], Callable[[], None]], Awaitable[Answer]]
"""Ask for a URL with these parameters added: one signed GET, tried again where that may help, each attempt counted by the third."""
LONGEST_ID = 200
MOST_PAGES = 1_000_000
MOST_AGAIN = 3
"""Times that the very same ids may come again in a row: small pages may drift so, an API that knows no pages never ends."""
NOT_FOUND = 404


class RestSession(Session):
    """The users of one API, for one run."""

    def __init__(self, description: Description, ask: Ask) -> None:
        self._api = description
        self._ask = ask
        self._requests = 0

    @property
    @override
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._requests

    async def page(self, cursor: Cursor | None) -> SourcePage:
        """Return one page. Raises `UnexpectedAnswer` when there is no list where the settings say, `LinkRefused`."""
        cursor = cursor or {"at": None, "number": 1}
        url, parameters = self._address(cursor["at"])
        answer = await self._listed(url, parameters)
        records = answer.items if not self._api.records and answer.items is not None else at(answer.items or answer.body, self._api.records)
        if not isinstance(records, list):
            raise strange(
                self._api.url, f"has no list at {'.'.join(self._api.records) or 'its top'}", "Mend the input records_path.", answer
            )
        users, rejected = self._observed(records)
        after = self._after(cursor["at"], url, answer, len(records))
        if after is None:
            return SourcePage(users, rejected, answer.at, None)
        ids = _digest(users)
        again = cursor.get("again", 0) + 1 if ids and ids == cursor.get("ids") else 0
        if after == cursor["at"] or again >= MOST_AGAIN or cursor["number"] >= MOST_PAGES:
            raise strange(self._api.url, "goes on without end", "Check the inputs paging, page_parameter and cursor_path.", answer)
        return SourcePage(users, rejected, answer.at, {"at": after, "number": cursor["number"] + 1, "ids": ids, "again": again})

    @override
    async def look_for(self, source_id: str, part: str = "") -> ProofOfAbsence | Observed:
        """Ask for one user. Raises `Invalid` when the API has no address for that, and whatever is neither yes nor no."""
        url = self._api.url_of(source_id)
        if url is None:
            raise Invalid(
                "this source cannot be asked for one user",
                code="absence_cannot_be_asked",
                remedy="Give the input user_url, if the API has such an address.",
            )
        answer = await self._asked(url, {})
        if not answer.ok:
            return proof_of_absence(source_id, url, answer)
        if str(at(answer.body, self._api.id)) != source_id:
            raise strange(url, "is about somebody else", "Check the inputs user_url and id_path.", answer)
        return Observed(source_id, answer.body)

    async def _listed(self, url: str, parameters: dict[str, str]) -> Answer:
        """Return a page. Whatever is no success ends the listing as a failure: taken for its end, it would call people missing."""
        answer = await self._asked(url, parameters)
        if not answer.ok:
            raise refused(answer, url)
        return answer

    async def _asked(self, url: str, parameters: dict[str, str]) -> Answer:
        """Return a success, or a 404: only who asks knows what that says."""
        answer = await self._ask(url, parameters, self._count)
        if answer.ok or answer.status == NOT_FOUND:
            return answer
        raise refused(answer, url)

    def _count(self) -> None:
        self._requests += 1

    def _address(self, place: Any) -> tuple[str, dict[str, str]]:
        api = self._api
        if api.paging == "link":
            return (api.url, self._size()) if place is None else (api.own(str(place)), {})
        if api.paging == "none" or (api.paging == "cursor" and place is None):
            return api.url, self._size()
        first = {"page": api.first_page, "offset": 0}.get(api.paging)
        return api.url, {**self._size(), api.parameter: str(first if place is None else place)}

    def _size(self) -> dict[str, str]:
        return {self._api.size_parameter: str(self._api.page_size)} if self._api.size_parameter else {}

    def _after(self, place: Any, url: str, answer: Answer, count: int) -> str | int | None:
        """Return where the list goes on. An empty page ends what is counted; a missing cursor or link ends what is linked."""
        api = self._api
        match api.paging:
            case "none":
                return None
            case "page":
                return None if not count else (api.first_page if place is None else int(place)) + 1
            case "offset":
                return None if not count else (0 if place is None else int(place)) + count
            case "cursor":
                told = at(answer.body, api.cursor)
                if unstorable_in(told) is not None:
                    raise strange(api.url, "goes on at a cursor that cannot be stored", "Mend the cursor at the source.", answer)
                return told if isinstance(told, (str, int)) and not isinstance(told, bool) and told != "" else None
            case "link":
                return None if answer.next_link is None else api.own(urljoin(url, answer.next_link))

    def _observed(self, records: list[Any]) -> tuple[list[Observed], list[Rejection]]:
        users, rejected = [], []
        for record in records:
            told = at(record, self._api.id)
            known = str(told) if isinstance(told, (str, int)) and not isinstance(told, bool) else ""
            if isinstance(record, dict) and 0 < len(known) <= LONGEST_ID and unstorable_in(told) is None:
                users.append(Observed(known, record))
            else:
                rejected.append(_without_id(record))
        return users, rejected


def _digest(users: list[Observed]) -> str:
    """Return what tells one page's ids from another's; nothing for a page without any."""
    return sha256("\n".join(user.source_id for user in users).encode(errors="surrogatepass")).hexdigest()[:16] if users else ""


def _without_id(record: Any) -> Rejection:
    return Rejection(
        source_id="",
        code="record_without_id",
        message="the source gave a user without a usable id",
        field="id",
        remedy="Check the input id_path, and the record at the source; without an id it cannot be told from others.",
        record=record if isinstance(record, dict) else {"value": record},
    )
