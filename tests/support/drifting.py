"""A directory that moves while it is read: between any two requests people come, go, change and come back."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from connector.sources.base import Cursor, Observed, SourcePage
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.models import Tenant
from connector.sources.sophos.users import USERS
from connector.sources.wire import Answer

Happening = tuple[str, int]
"""What happens (add, remove, change), and to which id, or to which of those that are there."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
NOT_FOUND = {"error": "ResourceNotFound", "message": "not found", "correlationId": "c"}


@dataclass
class Directory:
    """The users of a tenant as Sophos pages them, without a network. `happenings` are what happens before each request."""

    happenings: Iterator[list[Happening]]
    users: dict[str, datetime] = field(default_factory=dict)
    """When each was changed last, by id."""
    seconds: int = 0
    removals: int = 0
    gone: set[str] = field(default_factory=set)
    """Who was removed, at least for a while, since this was emptied."""

    @property
    def place(self) -> InTenant:
        """Return it as a listing sees a tenant."""
        tenant = Tenant(id="tenant", base_url="http://sophos")
        return cast("InTenant", SimpleNamespace(tenant=tenant, get=self.get))

    @property
    def now(self) -> datetime:
        """What its clock says."""
        return EPOCH + timedelta(seconds=self.seconds)

    async def get(self, path: str, params: dict[str, str] | None = None) -> Answer:
        """Let happen what happens, then answer."""
        for what, which in next(self.happenings, []):
            self._happen(what, which)
        self.seconds += 1
        if path != USERS:
            one = path.rsplit("/", 1)[-1]
            found = one in self.users
            return self._answer(200 if found else 404, self._record(one) if found else NOT_FOUND)
        return self._answer(200, self._page(**(params or {})))

    def _happen(self, what: str, which: int) -> None:
        self.seconds += 1
        present = sorted(self.users)
        if what == "add":
            self.users[f"u{which:03}"] = self.now
        elif present and what == "change":
            self.users[present[which % len(present)]] = self.now
        elif present:
            one = present[which % len(present)]
            del self.users[one]
            self.gone.add(one)
            self.removals += 1

    def _page(self, *, sort: str, page: str, pageSize: str, pageTotal: str = "") -> dict[str, Any]:  # noqa: N803 - Sophos' spelling
        ids = sorted(self.users) if sort == "id:asc" else sorted(self.users, key=lambda one: self.users[one], reverse=True)
        number, size = int(page), int(pageSize)
        pages = {"current": number, "size": size} | ({"total": -(-len(ids) // size), "items": len(ids)} if pageTotal else {})
        return {"items": [self._record(one) for one in ids[(number - 1) * size : number * size]], "pages": pages}

    def _record(self, one: str) -> dict[str, Any]:
        return {"id": one, "updatedAt": self.users[one].isoformat()}

    def _answer(self, status: int, body: dict[str, Any]) -> Answer:
        return Answer(status, body, is_json=True, at=self.now, source_time=self.now)


async def read_all(page: Callable[[Cursor | None], Awaitable[SourcePage]]) -> list[Observed]:
    """Return everybody whom a listing shows, from its first page to its last."""
    shown: list[Observed] = []
    cursor: Cursor | None = None
    while True:
        one = await page(cursor)
        shown += one.users
        if one.next is None:
            return shown
        cursor = one.next
