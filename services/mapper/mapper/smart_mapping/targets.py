"""What the targets mean: built-in fields by their key, those that an installation added by their label. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import dropwhile

from mapper.smart_mapping.concepts import CONCEPTS, Concept, names
from mapper.smart_mapping.words import squeezed, words
from shared.api.fields import FieldOut

BUILTIN = {
    "person": {
        "username": "username",
        "email": "email",
        "full_name": "full_name",
        "first_name": "first_name",
        "last_name": "last_name",
        "source_created_at": "created",
        "source_updated_at": "updated",
        "source_type": "source_type",
    },
    "saas_user": {
        "source_id": "source_id",
        "username": "username",
        "email": "email",
        "full_name": "full_name",
        "roles": "roles",
        "last_activity_at": "last_activity",
    },
    "asset": {
        "device_id": "device_id",
        "hostname": "device_name",
        "serial_number": "serial_number",
        "manufacturer": "manufacturer",
        "model": "model",
        "os_name": "operating_system",
        "ip_address": "ip_address",
        "mac_address": "mac_address",
        "last_seen_at": "last_seen",
        "assigned_source_id": "source_id",
        "assigned_login": "username",
        "assigned_name": "full_name",
    },
}
"""The built-in fields that come from sources. A person's role is not among them: it is a decision, not a guess."""


@dataclass(frozen=True, slots=True)
class Target:
    """A field that may be mapped, and what it means. Without a concept only its very name is looked for."""

    field: FieldOut
    concept: Concept | None


def targets(fields: Iterable[FieldOut], application: str | None) -> list[Target]:
    """Return the fields that smart mapping may suggest something for; one that is yes or no by its very name alone."""
    taken = set(words(application or ""))
    found = []
    for field in fields:
        if field.data_type == "boolean" and not field.builtin:
            found.append(Target(field, None))
        elif field.builtin:
            key = BUILTIN[field.object_type].get(field.key)
            if key is not None:
                found.append(Target(field, CONCEPTS[key]))
        else:
            found.append(Target(field, _meant(field, taken)))
    return found


def _meant(field: FieldOut, application: set[str]) -> Concept | None:
    for text in (field.label, field.key):
        parts = words(text)
        bare = tuple(dropwhile(application.__contains__, parts))
        for known in (names().get(squeezed(parts)), names().get(squeezed(bare)) if bare != parts else None):
            for name in known or ():
                concept = CONCEPTS[name.concept]
                if name.tier == "standard" and (concept.shape == "moment") == (field.data_type == "datetime"):
                    return concept
    return None
