"""Query parameters of a list: by comma or repeated, paging, sorting, filters, partial answers."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from sophos_central_simulator.errors import Refused
from sophos_central_simulator.selecting import Order, Selection
from sophos_central_simulator.switches import Switches

Json = dict[str, Any]

DEFAULT_SIZE, LARGEST_SIZE = 50, 100
SOURCE_TYPES = frozenset({"custom", "activeDirectory", "azureActiveDirectory"})
NUMBER = re.compile(r"[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class Query:
    """The query of one request, read as the tenant's switches say."""

    params: QueryParams
    switches: Switches

    def many(self, name: str) -> list[str]:
        """Return a list parameter, however it was sent."""
        return [part.strip() for value in self.params.getlist(name) for part in value.split(",") if part.strip()]

    def page(self, rows: Sequence[Json]) -> Json:
        """Return the page of `rows` that is asked for. Raises `Refused`."""
        number, size = self.number("page", 1), self.size()
        items = rows[(number - 1) * size : number * size]
        pages: Json = {"current": number, "size": size, "maxSize": LARGEST_SIZE}
        if self.wants_total():
            pages.update(total=math.ceil(len(rows) / size), items=len(rows))
        names = self.many("fields")
        return {"items": [partial(item, names) for item in items], "pages": pages}

    def order(self, sortable: tuple[str, ...]) -> Order:
        """Return the order that is asked for. Raises `Refused`."""
        order = []
        for part in self.many("sort"):
            name, _, direction = part.partition(":")
            if name in sortable and direction in {"", "asc", "desc"}:
                order.append((name, direction == "desc"))
            else:
                self.malformed("sort")
        return tuple(order)

    def selection(self, searchable: tuple[str, ...], group_id: str = "") -> Selection:
        """Return the filters that are asked for, within one group if it is given. Raises `Refused`."""
        source = self.params.get("sourceType", "")
        if source and source not in SOURCE_TYPES:
            self.malformed("sourceType")
            source = ""
        asked = self.many("searchFields")
        if any(name not in searchable for name in asked):
            self.malformed("searchFields")
        fields = tuple(name for name in asked if name in searchable) or ("name",)
        term = self.params.get("search", "").strip()
        group = group_id or self.params.get("groupId", "").lower()
        return Selection(source, group, self.params.get("domain", ""), term, fields)

    def number(self, name: str, default: int) -> int:
        """Return a parameter that is a whole number from 1 on. Raises `Refused`."""
        text = self.params.get(name)
        if text is None:
            return default
        if not NUMBER.fullmatch(text):
            self.malformed(name)
            return default
        return int(text)

    def size(self, largest: int = LARGEST_SIZE, *, name: str = "pageSize", usual: int = DEFAULT_SIZE) -> int:
        """Return how many rows a page is to have. Raises `Refused`."""
        size = self.number(name, usual)
        if size > largest and self.switches.page_size_above_maximum == "refuse":
            raise Refused(400, f"{name} must not exceed {largest}")
        return min(size, largest)

    def wants_total(self) -> bool:
        """Return whether everything is to be counted."""
        return self.params.get("pageTotal", "").lower() == "true"

    def malformed(self, name: str) -> None:
        """Refuse a parameter, if such are refused. Raises `Refused`."""
        if self.switches.malformed == "refuse":
            raise Refused(400, f"{name} is not valid")


def partial(row: Json, names: list[str]) -> Json:
    """Return only the named fields, and the id; everything when none is named."""
    return {name: value for name, value in row.items() if name in names or name == "id"} if names else row
