"""Simulated people: the same seed gives the same ones, in many languages, custom and directory-synced."""

import random
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

FIRST = (
    *(
        "Łucja",
        "Mario",
        "Zoë",
        "José",
        "Anaïs",
        "Søren",
        "Jürgen",
        "Chloé",
        "Nguyên",
        "Aiko",
        "Priya",
        "Omar",
        "Fatima",
        "Ivana",
        "Mateusz",
    ),
    *("Ingrid", "Tomás", "Renée", "Kofi", "Amara", "Dmitri", "Yui", "Lars", "Beatriz", "Noah", "Emma", "Liam", "Olivia", "Hassan", "Mei"),
)
LAST = (
    *("Żak", "Müller", "Garcia", "O'Neill", "Dvořák", "Ångström", "Silva", "Kowalski", "Nakamura", "Okafor", "Haddad", "Rossi"),
    *("Jensen", "Novák", "Fernández", "Dubois", "Petrov", "Sato", "Kim", "Nguyen", "Smith", "Jones", "Patel", "Cohen", "Öztürk"),
    *("Berg", "Costa", "Weber", "Lind", "Ito"),
)
GROUPS = ("Sales", "Engineering", "Finance", "People", "Support", "Legal")
SOURCES = ("custom", "custom", "custom", "activeDirectory", "azureActiveDirectory")
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


def uuid_from(generator: random.Random) -> str:
    """Return a version 4 UUID of the generator's own."""
    return str(UUID(int=generator.getrandbits(128), version=4))


def stamp(moment: datetime) -> str:
    """Return a moment as Sophos writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class People:
    """Makes people of one tenant, one after the other."""

    def __init__(self, seed: int, tenant_id: str, domain: str) -> None:
        self._generator = random.Random(f"{seed}:people")
        self._tenant = {"id": tenant_id}
        self._domain = domain
        self._count = 0
        groups = random.Random(f"{seed}:groups")
        self.groups = [{"id": uuid_from(groups), "name": name, "displayName": name} for name in GROUPS]

    def next(self) -> dict[str, Any]:
        """Return the next person, clean: with a unique e-mail and both names."""
        generator = self._generator
        self._count += 1
        first, last = generator.choice(FIRST), generator.choice(LAST)
        login = f"{plain(first)}.{plain(last)}.{self._count}"
        created = EPOCH + timedelta(milliseconds=generator.randrange(0, 60_000_000_000))
        group = generator.choice(self.groups)
        return {
            "id": uuid_from(generator),
            "name": f"{first} {last}",
            "firstName": first,
            "lastName": last,
            "email": f"{login}@{self._domain}",
            "exchangeLogin": login,
            "groups": {"total": 1, "itemsCount": 1, "items": [group]},
            "tenant": self._tenant,
            "source": {"type": generator.choice(SOURCES)},
            "createdAt": stamp(created),
            "updatedAt": stamp(created + timedelta(hours=generator.randrange(1, 2000))),
        }

    def awkward(self, neighbour: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the people that real directories have too: no e-mail, somebody else's, odd names, no update."""
        device = self.next()
        device.update(name=f"PC-{self._count}\\svc_backup", source={"type": "custom"})
        for missing in ("email", "firstName", "lastName", "exchangeLogin", "updatedAt"):
            del device[missing]
        nameless, twin, upper, unchanged = self.next(), self.next(), self.next(), self.next()
        nameless["lastName"] = ""
        twin["email"] = neighbour["email"]
        upper["email"] = upper["email"].upper()
        del unchanged["updatedAt"]
        return [device, nameless, twin, upper, unchanged]


def plain(name: str) -> str:
    """Return a name as it stands in an address: lower-case ASCII."""
    spelt = name.replace("Ł", "L").replace("ø", "o")
    decomposed = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return "".join(letter for letter in decomposed.lower() if letter.isalnum())
