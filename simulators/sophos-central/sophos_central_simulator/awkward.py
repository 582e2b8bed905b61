"""The people that real directories have too: no e-mail, somebody else's e-mail, odd names, fields that are missing or new."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def _without(person: Json, *names: str) -> None:
    for name in names:
        person.pop(name, None)


def _device_login(person: Json, _other: Json) -> None:
    """Make them as a sign-in on a device does."""
    _without(person, "email", "firstName", "lastName", "exchangeLogin", "updatedAt", "domain")
    person.update(name="PC-17\\svc_backup", source={"type": "custom"})


def _no_email(person: Json, _other: Json) -> None:
    _without(person, "email", "exchangeLogin")


def _empty_family_name(person: Json, _other: Json) -> None:
    person.update(lastName="", name=person["firstName"])


def _no_given_name(person: Json, _other: Json) -> None:
    _without(person, "firstName")


def _twin(person: Json, other: Json) -> None:
    """Give two users one e-mail: the directory's name for somebody and the device's name for them differ."""
    person.update(email=other["email"], source={"type": "custom"})
    _without(person, "domain")


def _capitals(person: Json, _other: Json) -> None:
    person["email"] = person["email"].upper()


def _twin_in_capitals(person: Json, other: Json) -> None:
    """Give somebody the e-mail of somebody else, but for the case of its letters."""
    person["email"] = other["email"].upper()


def _never_updated(person: Json, _other: Json) -> None:
    _without(person, "updatedAt")


def _minimal(person: Json, _other: Json) -> None:
    """Keep only what the description calls always there, and the e-mail."""
    _without(person, "firstName", "lastName", "exchangeLogin", "groups", "createdAt", "updatedAt", "domain")


def _beyond_one_plane(person: Json, _other: Json) -> None:
    """Use combining marks, both directions of writing, and a character outside the basic plane."""
    first, last = "Zoe\u0308", "\U00020bb7 \u05d0\u05d1 \U0001f44b"
    person.update(firstName=first, lastName=last, name=f"{first} {last}")


def _long_name(person: Json, _other: Json) -> None:
    last = "von " * 60 + "Habsburg"
    person.update(lastName=last, name=f"{person['firstName']} {last}")


def _groups_cut_short(person: Json, _other: Json) -> None:
    """Leave the embedded list incomplete."""
    person["groups"] = {**person["groups"], "total": person["groups"]["total"] + 7}


def _new_source_and_field(person: Json, _other: Json) -> None:
    """Add a kind of source, and a field, that came later than any description."""
    person.update(source={"type": "googleDirectory"}, riskScore={"value": 3, "trend": None})


def _synced_from(source: str) -> Callable[[Json, Json], None]:
    def make(person: Json, _other: Json) -> None:
        person["source"] = {"type": source}

    return make


KINDS: tuple[Callable[[Json, Json], None], ...] = (
    _device_login,
    _no_email,
    _empty_family_name,
    _no_given_name,
    _twin,
    _capitals,
    _twin_in_capitals,
    _never_updated,
    _minimal,
    _beyond_one_plane,
    _long_name,
    _groups_cut_short,
    _new_source_and_field,
    _synced_from("activeDirectory"),
    _synced_from("azureActiveDirectory"),
    _synced_from("custom"),
)


def awkward_people(people: list[Json], other: Callable[[int], Json]) -> list[Json]:
    """Make of clean people one of each awkward kind, as far as they go; two kinds take the e-mail of somebody else."""
    for number, (make, person) in enumerate(zip(KINDS, people, strict=False)):
        make(person, other(number))
    return people
