"""A tenant's directory: people who come, change and go; each selection is made and sorted once, then paged quickly."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sophos_central_simulator.awkward import KINDS, awkward_people
from sophos_central_simulator.clock import Clock
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.names import EVERY_FAMILY_NAME
from sophos_central_simulator.people import People, embedded, stamp
from sophos_central_simulator.selecting import EVERYBODY, Order, Selection, in_order

Json = dict[str, Any]

REMEMBERED_ORDERS = 16
REMEMBERED_GONE = 10_000


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who was removed, and when (clock seconds)."""

    person: Json
    at: float


class Directory:
    """Everybody of one tenant, by id. Rows are replaced, never changed in place."""

    def __init__(self, people: People, users: int, clock: Clock, *, awkward: bool) -> None:
        self._people, self._clock = people, clock
        self._orders: dict[tuple[Order, Selection], list[Json]] = {}
        self._gone: dict[str, Gone] = {}
        self._moved = 0
        self._latest = datetime(2026, 1, 1, tzinfo=UTC)
        odd = len(KINDS) if awkward and users else 0
        everybody = [people.next() for _ in range(max(users - odd, min(users, 1)))]
        if odd:
            everybody.extend(awkward_people(people, everybody))
        self.users: dict[str, Json] = {person["id"]: person for person in everybody}
        self._originals = everybody
        self._emails: dict[str, set[str]] = {}
        for person in everybody:
            self._index(person)

    @property
    def groups(self) -> list[Json]:
        """The groups that people may be put into."""
        return self._people.groups

    @property
    def synced_groups(self) -> list[Json]:
        """The groups that come from Active Directory."""
        return self._people.synced_groups

    @property
    def domain(self) -> str:
        """The e-mail domain."""
        return self._people.domain

    def rows(self, order: Order = (), selection: Selection = EVERYBODY, ids: Iterable[str] = ()) -> list[Json]:
        """Return the selected people in order; with `ids`, only those among them."""
        if named := [self.users[one] for one in dict.fromkeys(ids) if one in self.users]:
            return in_order(selection.among(named), order)
        if ids:
            return []
        rows = self._orders.get((order, selection))
        if rows is None:
            rows = in_order(selection.among(list(self.users.values())), order)
            while len(self._orders) >= REMEMBERED_ORDERS:
                del self._orders[next(iter(self._orders))]
            self._orders[order, selection] = rows
        return rows

    def with_email(self, email: str) -> set[str]:
        """Return the ids of those who have this e-mail, whatever its case."""
        return {one for one in self._emails.get(email.lower(), ()) if self.users.get(one, {}).get("email", "").lower() == email.lower()}

    def original(self, index: int) -> Json | None:
        """Return one of those who were there from the start, in rotation, as they were then; None in an empty directory."""
        return self._originals[index % len(self._originals)] if self._originals else None

    def lately_gone(self, user_id: str, seconds: float) -> Json | None:
        """Return somebody who was removed not longer ago than so many seconds."""
        gone = self._gone.get(user_id)
        return gone.person if gone is not None and seconds and self._clock.monotonic() - gone.at < seconds else None

    def add(self, person: Json) -> None:
        """Add somebody."""
        self.users[person["id"]] = person
        self._index(person)
        self._orders.clear()

    def create(self, fields: Json, groups: list[Json]) -> Json:
        """Add a custom user and return it."""
        moment = self.moment()
        person = {
            "id": self._people.new_id(),
            **fields,
            "groups": embedded(groups),
            "tenant": self._people.tenant,
            "source": {"type": "custom"},
            "createdAt": moment,
            "updatedAt": moment,
        }
        self.add(person)
        return person

    def remove(self, user_id: str) -> Json | None:
        """Remove somebody; None when nobody has the id."""
        person = self.users.pop(user_id, None)
        if person is not None:
            self._orders.clear()
            self._gone[user_id] = Gone(person, self._clock.monotonic())
            self._emails.get(str(person.get("email", "")).lower(), set()).discard(user_id)
            while len(self._gone) > REMEMBERED_GONE:
                del self._gone[next(iter(self._gone))]
        return person

    def update(self, user_id: str, changes: Json) -> Json:
        """Change somebody, with a new `updatedAt`; a change to None takes the field away."""
        person = {**self.users[user_id], **changes, "updatedAt": self.moment()}
        person = {name: value for name, value in person.items() if value is not None}
        self.users[user_id] = person
        self._index(person)
        self._orders.clear()
        return person

    def bring_back(self, user_id: str, *, as_custom: bool) -> Json | None:
        """Let somebody who was removed be there again with a new id; None when nobody with this id was removed."""
        gone = self._gone.get(user_id)
        if gone is None:
            return None
        moment = self.moment()
        person = {**gone.person, "id": self._people.new_id(), "createdAt": moment, "updatedAt": moment}
        if as_custom:
            person["source"] = {"type": "custom"}
        self.add(person)
        return person

    def moment(self) -> str:
        """Return a time that is later than every one before."""
        self._latest = max(self._clock.now(), self._latest + timedelta(milliseconds=1))
        return stamp(self._latest)

    def drift(self, generator: random.Random, *, change: int, join: int, leave: int, leave_ids: list[str]) -> dict[str, list[Json]]:
        """Let people change their name, join, and leave without a delete through the API; return who.

        `leave_ids` leave for certain, `leave` others beside them. Raises `Refused` when there are not that many.
        """
        certain = dict.fromkeys(leave_ids)
        if unknown := [one for one in certain if one not in self.users]:
            raise Refused(400, f"leave_ids: nobody has the id {unknown[0]}")
        others = sorted(one for one in self.users if one not in certain)
        if change + leave > len(others):
            raise Refused(400, f"change + leave is {change + leave}, but only {len(others)} people can be chosen")
        chosen = generator.sample(others, change + leave)
        changed = [self._rename(user_id, generator) for user_id in chosen[:change]]
        left = [person for user_id in (*certain, *chosen[change:]) if (person := self.remove(user_id)) is not None]
        joined = [self._people.next() for _ in range(join)]
        for person in joined:
            self.add(person)
        return {"changed": changed, "joined": joined, "left": left}

    def next_move(self) -> int:
        """Return a number that is another one at each call, for a drift that is given no seed."""
        self._moved += 1
        return self._moved

    def _rename(self, user_id: str, generator: random.Random) -> Json:
        person = self.users[user_id]
        last = generator.choice([name.written for name in EVERY_FAMILY_NAME if name.written != person.get("lastName")])
        return self.update(user_id, {"lastName": last, "name": f"{person.get('firstName', 'Somebody')} {last}"})

    def _index(self, person: Json) -> None:
        if email := person.get("email"):
            self._emails.setdefault(email.lower(), set()).add(person["id"])
