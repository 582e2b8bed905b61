"""A tenant's directory: people who come, change and go, and the lists of them."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sophos_central_simulator.awkward import KINDS, awkward_people
from sophos_central_simulator.clock import Clock
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.everybody import Everybody
from sophos_central_simulator.listed import Listed, Stretch, listed
from sophos_central_simulator.names import EVERY_FAMILY_NAME
from sophos_central_simulator.people import EPOCH, People, embedded, stamp
from sophos_central_simulator.selecting import EVERYBODY, Order, Selection, groups_of, in_order

Json = dict[str, Any]

REMEMBERED_LISTS = 8
REMEMBERED_GONE = 10_000
SHOWN_MEMBERS = 10
"""Members that stand inside a group; its `total` counts all."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who was removed, and when (clock seconds)."""

    person: Json
    at: float


class Directory:
    """Everybody of one tenant, by id. Rows are replaced, never changed in place."""

    def __init__(self, people: People, clock: Clock, *, awkward: bool) -> None:
        self._people, self._clock = people, clock
        self._lists: dict[tuple[Order, Selection], Listed] = {}
        self._lists_version = 0
        self._gone: dict[str, Gone] = {}
        self._traces: dict[str, Json] = {}
        self._group_details: dict[str, Json] = {}
        self._joined = 0
        self._moved = 0
        self._turned = False
        self._latest = datetime(2026, 1, 1, tzinfo=UTC)
        self.users = Everybody(people)
        if awkward and people.count > 1:
            odd = min(len(KINDS), people.count - 1)
            for person in awkward_people([people.at(people.count - 1 - number) for number in range(odd)], people.at):
                self.users[person["id"]] = person

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

    def rows(self, order: Order = (), selection: Selection = EVERYBODY, ids: Iterable[str] = ()) -> Sequence[Json]:
        """Return the selected people in order, to be counted and cut; with `ids`, only those among them."""
        self.users.lay_ghosts(self._clock.monotonic())
        if named := [self.users[one] for one in dict.fromkeys(ids) if one in self.users]:
            return in_order(selection.among(named), order)
        if ids:
            return []
        if selection == EVERYBODY and order[1:] in {(), (("id", False),)} and (not order or order[0][0] in {"id", "updatedAt"}):
            ranked = self.users.by_update if order and order[0][0] == "updatedAt" else self.users.by_id
            return Stretch(self.users, ranked, backwards=bool(order and order[0][1]))
        return self._listed(order, selection)

    def by_source(self) -> dict[str, int]:
        """Count people by where they are synced from."""
        counted = Counter(str(row["source"]["type"]) for row in self.users.kept.values())
        for kind, number in self.users.by_kind().items():
            counted[self._people.kinds[kind][0]["type"]] += number
        return {source: number for source, number in counted.items() if number}

    def members(self, group_id: str) -> tuple[int, list[Json]]:
        """Count a group's members, and return some of them; whoever left traces is among them."""
        rows = (*self.users.kept.values(), *self._traces.values())
        kept = [row for row in rows if any(one["id"] == group_id for one in groups_of(row))]
        kinds = {kind for kind, (_source, groups) in enumerate(self._people.kinds) if any(one["id"] == group_id for one in groups["items"])}
        total = len(kept) + sum(number for kind, number in self.users.by_kind().items() if kind in kinds)
        shown = kept[:SHOWN_MEMBERS]
        if kinds:
            some = (index for index in self.users.generated() if index % len(self._people.kinds) in kinds)
            shown += [self._people.at(index) for _, index in zip(range(SHOWN_MEMBERS - len(shown)), some, strict=False)]
        return total, shown

    def is_empty(self, group_id: str) -> bool:
        """Return whether nobody is in a group."""
        traces = sum(any(one["id"] == group_id for one in groups_of(row)) for row in self._traces.values())
        return self.members(group_id)[0] == traces

    def is_named(self, user_id: str) -> bool:
        """Return whether others name somebody: who is there, or was deleted and left traces."""
        return user_id in self.users or user_id in self._traces

    def group_details(self, group_id: str) -> Json:
        """Return what a group has that does not stand in its members."""
        return self._group_details.get(group_id) or {"description": "", "createdAt": stamp(EPOCH), "updatedAt": stamp(EPOCH)}

    def add_group(self, name: str, description: str) -> str:
        """Add a custom group and return its id."""
        moment = self.moment()
        group = {"id": self._people.new_id(), "name": name, "displayName": name}
        self._people.groups.append(group)
        self._group_details[group["id"]] = {"description": description, "createdAt": moment, "updatedAt": moment}
        return group["id"]

    def change_group(self, group_id: str, fields: dict[str, str]) -> None:
        """Change a custom group's name or description, also where it stands in its members."""
        group = next(one for one in self._people.groups if one["id"] == group_id)
        if "name" in fields:
            group.update(name=fields["name"], displayName=fields["name"])
        description = {name: text for name, text in fields.items() if name == "description"}
        self._group_details[group_id] = {**self.group_details(group_id), **description, "updatedAt": self.moment()}

    def delete_group(self, group_id: str) -> None:
        """Delete a custom group, which must be empty."""
        self._people.groups[:] = [one for one in self._people.groups if one["id"] != group_id]

    def join_group(self, user_id: str, group_id: str) -> None:
        """Put somebody into a group, if they are not in it."""
        mine = groups_of(self.users[user_id])
        if all(one["id"] != group_id for one in mine):
            self.update(user_id, {"groups": embedded([*mine, *(one for one in self.groups if one["id"] == group_id)])})

    def leave_group(self, user_id: str, group_id: str) -> bool:
        """Take somebody out of a group; return whether they were in it."""
        mine = groups_of(self.users.get(user_id, {}))
        rest = [one for one in mine if one["id"] != group_id]
        if len(rest) < len(mine):
            self.update(user_id, {"groups": embedded(rest)})
        return len(rest) < len(mine)

    def with_email(self, email: str) -> set[str]:
        """Return the ids of those who have this e-mail, whatever its case."""
        return self.users.with_email(email)

    def original(self, index: int) -> Json | None:
        """Return one of those who were there from the start, in rotation, as they were then; None in an empty directory."""
        return self._people.at(index % self._people.count) if self._people.count else None

    def lately_gone(self, user_id: str, seconds: float) -> Json | None:
        """Return somebody who was removed not longer ago than so many seconds."""
        gone = self._gone.get(user_id)
        return gone.person if gone is not None and seconds and self._clock.monotonic() - gone.at < seconds else None

    def add(self, person: Json) -> None:
        """Add somebody."""
        self.users[person["id"]] = person

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

    def remove(self, user_id: str, *, lag: float = 0, traces: bool = False) -> Json | None:
        """Remove somebody, whom lists still show for so many seconds; None when nobody has the id.

        With `traces` groups, admins and devices go on naming them.
        """
        person = self.users.pop(user_id, None)
        if person is not None:
            self._gone[user_id] = Gone(person, self._clock.monotonic())
            if traces:
                self._traces[user_id] = person
            if lag:
                self.users.haunt(user_id, person, self._clock.monotonic() + lag)
            while len(self._gone) > REMEMBERED_GONE:
                oldest = next(iter(self._gone))
                del self._gone[oldest]
                self._traces.pop(oldest, None)
        return person

    def update(self, user_id: str, changes: Json) -> Json:
        """Change somebody, with a new `updatedAt`; a change to None takes the field away."""
        person = {**self.users[user_id], **changes, "updatedAt": self.moment()}
        person = {name: value for name, value in person.items() if value is not None}
        self.users[user_id] = person
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
        others = len(self.users) - len(certain)
        if change + leave > others:
            raise Refused(400, f"change + leave is {change + leave}, but only {others} people can be chosen")
        chosen = self._some(generator, change + leave, certain)
        changed = [self._rename(user_id, generator) for user_id in chosen[:change]]
        left = [person for user_id in (*certain, *chosen[change:]) if (person := self.remove(user_id)) is not None]
        joined = [self._join() for _ in range(join)]
        return {"changed": changed, "joined": joined, "left": left}

    def turn(self) -> Order:
        """Return the order of ids, forwards and backwards by turns."""
        self._turned = not self._turned
        return (("id", self._turned),)

    def next_move(self) -> int:
        """Return a number that is another one at each call, for a drift that is given no seed."""
        self._moved += 1
        return self._moved

    def _rename(self, user_id: str, generator: random.Random) -> Json:
        person = self.users[user_id]
        last = generator.choice([name.written for name in EVERY_FAMILY_NAME if name.written != person.get("lastName")])
        return self.update(user_id, {"lastName": last, "name": f"{person.get('firstName', 'Somebody')} {last}"})

    def _join(self) -> Json:
        """Let the next person come, as a directory sync or an admin adds them."""
        moment = self.moment()
        person = self._people.at(self._people.count + self._joined)
        person |= {"id": self._people.new_id(), "createdAt": moment, "updatedAt": moment}
        self._joined += 1
        self.add(person)
        return person

    def _some(self, generator: random.Random, number: int, but: Iterable[str]) -> list[str]:
        """Return the ids of so many people, none of whom is among `but`."""
        avoided = set(but)
        everybody = Stretch(self.users, self.users.by_id)
        places = generator.sample(range(len(everybody)), min(number + len(avoided), len(everybody)))
        return [one for place in places if (one := everybody.id_at(place)) not in avoided][:number]

    def _listed(self, order: Order, selection: Selection) -> Listed:
        if self._lists_version != self.users.version:
            self._lists.clear()
            self._lists_version = self.users.version
        found = self._lists.get((order, selection))
        if found is None:
            while len(self._lists) >= REMEMBERED_LISTS:
                del self._lists[next(iter(self._lists))]
            self._lists[order, selection] = found = listed(self.users, self._people, order, selection)
        return found
