"""The groups that one user is in."""

from typing import Any

from connector.sources.sophos.errors import api_error, malformed
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.users import user_path

PAGE_SIZE = 100
MOST_PAGES = 100


async def groups_of(place: InTenant, source_id: str) -> set[str]:
    """Return the ids of all groups of a user, in lower case. Raises when Sophos does not list them."""
    return {str(group.get("id", "")).lower() for group in await group_records(place, source_id)}


async def group_records(place: InTenant, source_id: str) -> list[dict[str, Any]]:
    """Return all groups of a user as Sophos has them."""
    path = f"{user_path(source_id)}/groups"
    found: list[dict[str, Any]] = []
    for number in range(1, MOST_PAGES + 1):
        answer = await place.get(path, {"page": str(number), "pageSize": str(PAGE_SIZE)})
        records = answer.body.get("items")
        if answer.status == NOT_FOUND:
            raise api_error(answer, f"GET {path}")
        if not isinstance(records, list):
            raise malformed(f"GET {path}", "is not a list of groups", answer)
        found += [record for record in records if isinstance(record, dict)]
        if len(records) < PAGE_SIZE:
            return found
    raise malformed(f"GET {path}", "goes on without end")
