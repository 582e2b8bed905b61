"""A tenant's directory: people who come, change and go; sorted once, paged quickly."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sophos_central_simulator.people import LAST, People, plain, stamp

SORTABLE = ("id", "name", "firstName", "lastName", "email", "exchangeLogin", "createdAt", "updatedAt")
SEARCHABLE = ("name", "firstName", "lastName", "email", "exchangeLogin")


class Directory:
    """Everybody of one tenant, by id. Sort orders are kept until somebody changes."""

    def __init__(self, people: People, users: int, *, awkward: bool) -> None:
        self._people = people
        self._orders: dict[tuple[tuple[str, bool], ...], list[dict[str, Any]]] = {}
        first = [people.next() for _ in range(users)]
        if awkward and first:
            first.extend(people.awkward(first[0]))
        self.users: dict[str, dict[str, Any]] = {person["id"]: person for person in first}
        self._clock = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The groups that people are in."""
        return self._people.groups

    def ordered(self, order: tuple[tuple[str, bool], ...]) -> list[dict[str, Any]]:
        """Return everybody, sorted by (field, descending) pairs; people without the field come first."""
        if order not in self._orders:
            rows = list(self.users.values())
            for name, descending in reversed(order):
                rows.sort(key=lambda person, at=name: str(person.get(at, "")), reverse=descending)  # type: ignore[misc]
            self._orders[order] = rows
        return self._orders[order]

    def add(self, person: dict[str, Any]) -> None:
        """Add somebody."""
        self.users[person["id"]] = person
        self._orders.clear()

    def remove(self, user_id: str) -> dict[str, Any] | None:
        """Remove somebody; None when nobody has the id."""
        self._orders.clear()
        return self.users.pop(user_id, None)

    def update(self, user_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Change somebody, with a new `updatedAt`."""
        person = {**self.users[user_id], **changes, "updatedAt": self.moment()}
        self.users[user_id] = person
        self._orders.clear()
        return person

    def blank(self) -> dict[str, Any]:
        """Return a new person of the next number, not yet in the directory."""
        return self._people.next()

    def moment(self) -> str:
        """Return a time that is later than every one before."""
        self._clock += timedelta(milliseconds=1)
        return stamp(max(self._clock, datetime.now(UTC)))

    def drift(
        self, generator: random.Random, *, change: int, join: int, leave: int, leave_ids: list[str]
    ) -> dict[str, list[dict[str, Any]]]:
        """Let people change their name, join and leave without a delete through the API; return who."""
        chosen = generator.sample(sorted(self.users), min(len(self.users), change + leave))
        leaving = [*leave_ids, *chosen[change:]]
        changed = [self._rename(user_id, generator) for user_id in chosen[:change] if user_id not in leaving]
        left = [person for user_id in leaving if (person := self.remove(user_id)) is not None]
        joined = []
        for _ in range(join):
            person = self.blank()
            self.add(person)
            joined.append(person)
        return {"changed": changed, "joined": joined, "left": left}

    def _rename(self, user_id: str, generator: random.Random) -> dict[str, Any]:
        person = self.users[user_id]
        others = [name for name in LAST if name != person.get("lastName")]
        last = f"{generator.choice(others)}-{plain(generator.choice(others)).title()}"
        return self.update(user_id, {"lastName": last, "name": f"{person.get('firstName', 'Somebody')} {last}"})


Keep = Callable[[dict[str, Any]], bool]


def filtered(rows: list[dict[str, Any]], conditions: list[Keep]) -> list[dict[str, Any]]:
    """Return the rows that meet every condition; the list itself when there is none."""
    return [row for row in rows if all(keep(row) for keep in conditions)] if conditions else rows
