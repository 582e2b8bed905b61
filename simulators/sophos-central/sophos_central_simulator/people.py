"""Simulated people: the same seed and e-mail domain give the same ones, in many languages, custom and directory-synced."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sophos_central_simulator.names import LANGUAGES

Json = dict[str, Any]

SOURCES = ("custom",) * 12 + ("activeDirectory",) * 5 + ("azureActiveDirectory",) * 3
"""Two in five are synced from a directory."""
GROUPS = ("Sales", "Engineering", "Finance", "People", "Support", "Legal")
SYNCED_GROUPS = ("Domain Users", "VPN users")
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
LONGEST_AGO = 60_000_000_000
"""Milliseconds after the epoch (not quite two years) within which people were created."""


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
    """Makes people of one tenant, one after the other."""

    def __init__(self, seed: int, tenant_id: str, domain: str) -> None:
        self.domain = domain
        self.tenant = {"id": tenant_id}
        # Names follow from the seed alone; ids also from the domain, so that two tenants never share an id.
        self._names = random.Random(f"{seed}:names")
        self._ids = random.Random(f"{seed}:{domain}:ids")
        self._logins: Counter[str] = Counter()
        groups = random.Random(f"{seed}:{domain}:groups")
        self.groups, self.synced_groups = (
            [{"id": uuid_from(groups), "name": name, "displayName": name} for name in names] for names in (GROUPS, SYNCED_GROUPS)
        )
        # Made once and shared by many: a hundred thousand people must fit into memory.
        self._sources = {source: {"type": source} for source in SOURCES}
        self._memberships = {synced: [embedded(self._some(groups, synced=synced)) for _ in range(40)] for synced in (False, True)}

    def new_id(self) -> str:
        """Return an id that nobody has."""
        return uuid_from(self._ids)

    def next(self) -> Json:
        """Return the next person, clean: an e-mail that nobody else has, both names, both times."""
        choose = self._names
        given, family = (choose.choice(names) for names in choose.choice(LANGUAGES))
        login = self._login(f"{given.plain}.{family.plain}")
        source = choose.choice(SOURCES)
        created = EPOCH + timedelta(milliseconds=choose.randrange(LONGEST_AGO))
        updated = created + timedelta(minutes=choose.randrange(1, 100_000))
        person = {
            "id": self.new_id(),
            "name": f"{given.written} {family.written}",
            "firstName": given.written,
            "lastName": family.written,
            "email": f"{login}@{self.domain}",
            "exchangeLogin": login,
            "groups": choose.choice(self._memberships[source != "custom"]),
            "tenant": self.tenant,
            "source": self._sources[source],
            "createdAt": stamp(created),
            "updatedAt": stamp(updated),
        }
        if source == "activeDirectory":
            person["domain"] = self.domain
        return person

    def _login(self, wanted: str) -> str:
        self._logins[wanted] += 1
        number = self._logins[wanted]
        return wanted if number == 1 else f"{wanted}{number}"

    def _some(self, generator: random.Random, *, synced: bool) -> list[Json]:
        joined = generator.sample(self.groups, generator.choice((0, 1, 1, 1, 2)))
        return [generator.choice(self.synced_groups), *joined] if synced else joined
