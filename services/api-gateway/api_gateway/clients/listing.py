"""What a list is asked for."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson

from shared.api.lists import ListIn


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Where a list goes on, and how much of it is wanted."""

    cursor: str | None = None
    limit: int | None = None
    count: bool | None = None
    filter: str | None = None
    search: str | None = None
    sort: str | None = None
    fields: str | None = None

    @classmethod
    def of(cls, kept: ListIn, *, cursor: str | None = None, limit: int | None = None, count: bool | None = None) -> "ListQuery":
        """Return the query for a page of a list that is kept or exported."""
        rule = None if kept.rule is None else orjson.dumps(kept.rule).decode()
        fields = None if kept.fields is None else ",".join(kept.fields)
        return cls(cursor=cursor, limit=limit, count=count, filter=rule, search=kept.search, sort=kept.sort, fields=fields)

    def params(self) -> dict[str, Any]:
        """Return the query parameters that are given."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class WithheldQuery(ListQuery):
    """What of the guard's tray is wanted."""

    state: str | None = None
    kind: str | None = None
    saas_instance_id: UUID | None = None
    integration_id: UUID | None = None
