"""Simulated people: each one follows from the seed, the e-mail domain and an index; in many languages, custom and directory-synced."""

import math
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sophos_central_simulator.names import LANGUAGES
from sophos_central_simulator.spread import Dice, SpreadIds, key_of

Json = dict[str, Any]

SOURCES = ("custom",) * 12 + ("activeDirectory",) * 5 + ("azureActiveDirectory",) * 3
"""Two in five are synced from a directory."""
GROUPS = ("Sales", "Engineering", "Finance", "People", "Support", "Legal")
SYNCED_GROUPS = ("Domain Users", "VPN users")
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
LONGEST_AGO = 60_000_000_000
"""Milliseconds after the epoch (not quite two years) within which people were created; afterwards each was updated once."""
UPDATED_FROM = EPOCH + timedelta(milliseconds=LONGEST_AGO + 60_000)
UPDATED_WITHIN = 60 * 86_400_000
"""Milliseconds."""
CYCLE = 50 * len(SOURCES)
"""After so many people their sources and groups begin again, so that they can be counted without looking at each."""
LOGIN = re.compile(r"(.*?)([1-9][0-9]*)?", re.DOTALL)


def uuid_from(generator: random.Random) -> str:
    """Return a version 4 UUID of the generator's own."""
    digits = f"{generator.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def stamp(moment: datetime) -> str:
    """Return a moment as Sophos writes it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def embedded(groups: list[Json]) -> Json:
    """Return groups as they stand inside a user."""
    return {"total": len(groups), "itemsCount": len(groups), "items": groups}


class People:
    """Makes people of one tenant: those of the indexes below `count` are there from the start, later ones join."""

    def __init__(self, seed: int, tenant_id: str, domain: str, count: int) -> None:
        self.domain, self.count, self.tenant = domain, count, {"id": tenant_id}
        # Names follow from the seed alone; ids also from the domain, so that two tenants never share an id.
        self._key, self.ids = key_of(seed, "people"), SpreadIds(key_of(seed, domain, "ids"), count)
        self._new_ids = random.Random(f"{seed}:{domain}:ids")
        choose = random.Random(f"{seed}:names")
        names = {f"{one.plain}.{two.plain}": (one, two) for given, family in LANGUAGES for one in given for two in family}
        self.names = list(names.items())
        choose.shuffle(self.names)
        groups = random.Random(f"{seed}:{domain}:groups")
        self.groups, self.synced_groups = (
            [{"id": uuid_from(groups), "name": name, "displayName": name} for name in some] for some in (GROUPS, SYNCED_GROUPS)
        )
        sources = list(SOURCES) * (CYCLE // len(SOURCES))
        choose.shuffle(sources)
        # Made once and shared by many: a change of a group shows in all its members.
        self.kinds = [({"type": source}, embedded(self._some(groups, synced=source != "custom"))) for source in sources]
        self._stride = next(step for step in range(max(count * 618 // 1000, 1), count + 2) if math.gcd(step, max(count, 1)) == 1)

    def new_id(self) -> str:
        """Return an id that nobody has."""
        return uuid_from(self._new_ids)

    def at(self, index: int) -> Json:
        """Return the person of an index, clean: an e-mail that nobody else has, both names, both times."""
        source, groups = self.kinds[index % CYCLE]
        person = {
            "id": self.ids.at(index),
            **self.searchable(index),
            "groups": groups,
            "tenant": self.tenant,
            "source": source,
            "createdAt": stamp(EPOCH + timedelta(milliseconds=Dice(self._key, index).below(LONGEST_AGO))),
            "updatedAt": self.updated_at(self.place_by_update(index)),
        }
        if source["type"] == "activeDirectory":
            person["domain"] = self.domain
        return person

    def named(self, number: int) -> Json:
        """Return one of the names that people have."""
        given, family = self.names[number][1]
        return {"name": f"{given.written} {family.written}", "firstName": given.written, "lastName": family.written}

    def searchable(self, index: int) -> Json:
        """Return what people are searched by."""
        login = self.login(index)
        return {**self.named(index % len(self.names)), "email": f"{login}@{self.domain}", "exchangeLogin": login}

    def login(self, index: int) -> str:
        """Return what stands before the @."""
        return self.names[index % len(self.names)][0] + self._number(index)

    def with_login_ending(self, ending: str) -> list[int] | None:
        """Return the indexes of all whose login ends so; None when it ends in figures only, or anywhere."""
        match = LOGIN.fullmatch(ending)
        if match is None or not match[1]:
            return None
        cycle = int(match[2]) - 1 if match[2] else 0
        some = [number + cycle * len(self.names) for number, (login, _names) in enumerate(self.names) if login.endswith(match[1])]
        return sorted(index for index in some if index < self.count and self.login(index).endswith(ending))

    def place_by_update(self, index: int) -> int:
        """Return how many were updated before the person of an index."""
        return index * self._stride % max(self.count, 1)

    def index_by_update(self, place: int) -> int:
        """Return who was updated after so many others."""
        return place * pow(self._stride, -1, self.count) % self.count

    def updated_at(self, place: int) -> str:
        """Return when the person who was updated after so many others was."""
        return stamp(UPDATED_FROM + timedelta(milliseconds=place * (UPDATED_WITHIN // max(self.count, 1))))

    def count_by_kind(self) -> Counter[int]:
        """Return how many there are of each kind."""
        whole, rest = divmod(self.count, CYCLE)
        return Counter({number: whole + (number < rest) for number in range(CYCLE)})

    def _number(self, index: int) -> str:
        cycle = index // len(self.names)
        return str(cycle + 1) if cycle else ""

    def _some(self, generator: random.Random, *, synced: bool) -> list[Json]:
        joined = generator.sample(self.groups, generator.choice((0, 1, 1, 1, 2)))
        return [generator.choice(self.synced_groups), *joined] if synced else joined
