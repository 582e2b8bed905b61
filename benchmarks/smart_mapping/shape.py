"""What a labelled shape is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.events.records import RecordType

Accepted = tuple[tuple[str, ...], ...]


def at(*paths: str) -> Accepted:
    """Return the paths that are right for a target, written with dots; the first is the best."""
    return tuple(tuple(path.split(".")) for path in paths)


@dataclass(frozen=True, slots=True)
class Shape:
    """Records of one API, and which of their paths belongs to which field. A target that is not named should stay empty."""

    name: str
    application: str
    records: Sequence[dict[str, Any]]
    person: Mapping[str, Accepted]
    saas_user: Mapping[str, Accepted] = field(default_factory=dict)
    describes: Literal["user", "device"] = "user"

    def expected(self, object_type: RecordType) -> Mapping[str, Accepted]:
        """Return what should be mapped to the fields of an object type."""
        return self.person if object_type == "person" else self.saas_user
