"""The things that fields mean, whatever they are called: what their values look like, and of whom they speak. Pure."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from mapper.smart_mapping.synonyms import AMBIGUOUS, STANDARD
from mapper.smart_mapping.words import squeezed, words

Tier = Literal["standard", "ambiguous"]
Shape = Literal[
    "email",
    "login",
    "full_name",
    "part_of_name",
    "moment",
    "identifier",
    "short_text",
    "phone",
    "code",
    "serial",
    "host",
    "version",
    "mac",
    "ip",
    "roles",
]


NAMES = frozenset({"full_name", "first_name", "last_name"})
LONG_ENOUGH = 6
"""Letters of a name that can be misspelt and still be known: one letter of five is too much."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One meaning."""

    key: str
    shape: Shape
    subject: Literal["person", "device"] = "person"
    personal: bool = False
    """Only people have it, so that a device's record can only mean the person it was given to."""
    distinct: bool = False
    """No two share a value."""

    @property
    def varies(self) -> bool:
        """Whether one value for everybody proves that it is something else."""
        return self.distinct or self.key in NAMES


CONCEPTS: dict[str, Concept] = {
    concept.key: concept
    for concept in (
        Concept("username", "login", personal=True, distinct=True),
        Concept("email", "email", personal=True, distinct=True),
        Concept("full_name", "full_name"),
        Concept("first_name", "part_of_name", personal=True),
        Concept("last_name", "part_of_name", personal=True),
        Concept("created", "moment"),
        Concept("updated", "moment"),
        Concept("last_activity", "moment"),
        Concept("source_type", "code"),
        Concept("source_id", "identifier", distinct=True),
        Concept("roles", "roles"),
        Concept("employee_id", "identifier", personal=True, distinct=True),
        Concept("department", "short_text", personal=True),
        Concept("job_title", "short_text", personal=True),
        Concept("phone", "phone", personal=True),
        Concept("mobile_phone", "phone", personal=True),
        Concept("manager", "full_name", personal=True),
        Concept("manager_email", "email", personal=True),
        Concept("company", "short_text", personal=True),
        Concept("cost_center", "short_text", personal=True),
        Concept("office", "short_text"),
        Concept("city", "short_text"),
        Concept("country", "short_text"),
        Concept("start_date", "moment", personal=True),
        Concept("end_date", "moment", personal=True),
        Concept("time_zone", "short_text"),
        Concept("language", "code"),
        Concept("device_id", "identifier", "device", distinct=True),
        Concept("serial_number", "serial", "device", distinct=True),
        Concept("device_name", "host", "device", distinct=True),
        Concept("operating_system", "short_text", "device"),
        Concept("os_version", "version", "device"),
        Concept("model", "short_text", "device"),
        Concept("manufacturer", "short_text", "device"),
        Concept("mac_address", "mac", "device", distinct=True),
        Concept("ip_address", "ip", "device"),
        Concept("last_seen", "moment", "device"),
    )
}


@dataclass(frozen=True, slots=True)
class Name:
    """One name that a concept has."""

    concept: str
    tier: Tier
    language: str
    text: str
    rank: int
    """Its place among the concept's names of its tier and language: the best is 0."""


@cache
def names() -> dict[str, tuple[Name, ...]]:
    """Return every known name by its squeezed form; standard ones and the best ranks first."""
    found: dict[str, list[Name]] = {}
    tiers: tuple[tuple[Tier, dict[str, dict[str, tuple[str, ...]]]], ...] = (("standard", STANDARD), ("ambiguous", AMBIGUOUS))
    for tier, table in tiers:
        for concept, languages in table.items():
            for language, texts in languages.items():
                for rank, text in enumerate(texts):
                    known = found.setdefault(squeezed(words(text)), [])
                    if all(name.concept != concept for name in known):
                        known.append(Name(concept, tier, language, text, rank))
    return {key: tuple(known) for key, known in found.items()}


@cache
def long_names() -> tuple[str, ...]:
    """Return the squeezed standard names that are long enough to be misspelt and still be known."""
    return tuple(key for key, known in names().items() if len(key) >= LONG_ENOUGH and known[0].tier == "standard")
