"""Which rows of a list are meant, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Order = tuple[tuple[str, bool], ...]
"""(field, descending) pairs, the first one weighs most."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The filters of a list; an empty one selects everything."""

    source_type: str = ""
    group_id: str = ""
    domain: str = ""
    search: str = ""
    search_fields: tuple[str, ...] = ("name",)

    def among(self, rows: list[Json]) -> list[Json]:
        """Return the rows that meet every filter."""
        tests = self.tests()
        return [row for row in rows if all(test(row) for test in tests)] if tests else rows

    def tests(self) -> list[Callable[[Json], bool]]:
        """Return what a row must pass."""
        tests: list[Callable[[Json], bool]] = []
        if self.source_type:
            tests.append(lambda row: row["source"]["type"] == self.source_type)
        if self.group_id:
            tests.append(lambda row: any(group["id"] == self.group_id for group in groups_of(row)))
        if self.domain:
            tests.append(lambda row: _is_of(row, self.domain.lower()))
        if self.search:
            term = self.search.casefold()
            tests.append(lambda row: any(term in str(row.get(name, "")).casefold() for name in self.search_fields))
        return tests


EVERYBODY = Selection()


def groups_of(user: Json) -> list[Json]:
    """Return the groups that stand in a user."""
    return list(user.get("groups", {}).get("items", ()))


def in_order(rows: list[Json], order: Order) -> list[Json]:
    """Return the rows sorted; those without the field come first, and what is equal keeps its place."""
    rows = list(rows)
    for name, descending in reversed(order):
        rows.sort(key=lambda row, at=name: str(row.get(at, "")), reverse=descending)  # type: ignore[misc]
    return rows


def _is_of(row: Json, domain: str) -> bool:
    return str(row.get("domain", "")).lower() == domain or str(row.get("email", "")).lower().endswith("@" + domain)
