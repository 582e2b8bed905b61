"""Query parameters of the directory: lists by comma or repeated, paging, sorting, filters, partial answers."""

import math
from collections.abc import Callable
from typing import Any

from starlette.datastructures import QueryParams

from sophos_central_simulator.directory import SEARCHABLE, SORTABLE, Directory, filtered
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.tenants import Switches

DEFAULT_SIZE, LARGEST_SIZE = 50, 100
SOURCE_TYPES = {"custom", "activeDirectory", "azureActiveDirectory"}


def many(query: QueryParams, name: str) -> list[str]:
    """Return a list parameter, however it was sent."""
    return [part for value in query.getlist(name) for part in value.split(",") if part]


def page_of(query: QueryParams, directory: Directory, switches: Switches) -> dict[str, Any]:
    """Return the page of users that the query asks for."""
    number, size = _number(query, "page", 1), _size(query, switches)
    rows = filtered(directory.ordered(_order(query)), conditions(query))
    names = many(query, "fields")
    items = rows[(number - 1) * size : number * size]
    pages: dict[str, Any] = {"current": number, "size": size, "maxSize": LARGEST_SIZE}
    if query.get("pageTotal", "").lower() == "true":
        pages.update(total=math.ceil(len(rows) / size), items=len(rows))
    return {"items": [partial(item, names) for item in items] if names else items, "pages": pages}


def partial(user: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Return only the named fields, and the id."""
    return {name: value for name, value in user.items() if name in names or name == "id"} if names else user


def conditions(query: QueryParams) -> list[Callable[[dict[str, Any]], bool]]:
    """Return the filters that the query asks for."""
    keep: list[Callable[[dict[str, Any]], bool]] = []
    if ids := set(many(query, "ids")):
        keep.append(lambda user: user["id"] in ids)
    if source := query.get("sourceType"):
        if source not in SOURCE_TYPES:
            raise Refused(400, "badRequest", "sourceType is not known")
        keep.append(lambda user: user["source"]["type"] == source)
    if group := query.get("groupId"):
        keep.append(lambda user: any(item["id"] == group for item in user["groups"]["items"]))
    if domain := query.get("domain"):
        keep.append(lambda user: user.get("email", "").lower().endswith("@" + domain.lower()))
    if term := query.get("search", "").casefold():
        fields = [name for name in many(query, "searchFields") if name in SEARCHABLE] or ["name"]
        keep.append(lambda user: any(term in str(user.get(name, "")).casefold() for name in fields))
    return keep


def _order(query: QueryParams) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in many(query, "sort"):
        name, _, direction = part.partition(":")
        if name not in SORTABLE or direction not in {"", "asc", "desc"}:
            raise Refused(400, "badRequest", "sort is not valid")
        order.append((name, direction == "desc"))
    return tuple(order)


def _number(query: QueryParams, name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Refused(400, "badRequest", f"{name} must be a positive number")
    return int(text)


def _size(query: QueryParams, switches: Switches) -> int:
    size = _number(query, "pageSize", DEFAULT_SIZE)
    if size > LARGEST_SIZE and switches.page_size_above_maximum == "refuse":
        raise Refused(400, "badRequest", f"pageSize must not exceed {LARGEST_SIZE}")
    return min(size, LARGEST_SIZE)
