"""The records of a page: those that say something new, and those that were applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mapper.authority.asserted import Settled
from mapper.authority.orders import Assertion
from mapper.matching.keys import KeyClaim
from mapper.records.unique import Claim


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that is new or differs from what this integration last said of it."""

    source_id: str
    record: dict[str, Any]
    values: dict[str, Any]
    claims: tuple[Claim, ...]
    """Its unique values."""
    keys: tuple[KeyClaim, ...]
    """What it is looked for by, the primary key first."""
    content_hash: str
    quiet: bool = False
    """It comes because the configuration or an order was changed, or a run undone: it starts no workflow."""
    says: Mapping[str, Assertion] = field(default_factory=dict)
    """What it says of the fields with an order."""
    settled: Settled | None = None
    """What becomes of them, once it is known whose record it is."""
    baseline: dict[str, Any] | None = None
    """What the configuration makes of the record as it was observed before, when it was another one that made what there is."""

    @property
    def email_key(self) -> str | None:
        """The comparable form of its e-mail address."""
        return dict(self.claims).get("email")


@dataclass(frozen=True, slots=True)
class Linked:
    """A record that was applied, and what it belongs to."""

    candidate: Candidate
    person_id: UUID
    """Its person; or its asset, where the source describes devices."""
    saas_user_id: UUID | None
