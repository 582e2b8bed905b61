"""The check before launch: what a mapping would make of a real page, or of the whole source, and what speaks against launching."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import In, Out
from shared.api.plans import PlanAction
from shared.api.runs import RunNote
from shared.api.sync_keys import SyncKeyOut
from shared.events.sources import Provenance

MOST_CHECKED = 500
"""Records of the page that is looked at."""


class CheckIn(In):
    """Records as a source gave them, and what the integration asks to be done with them."""

    provenance: Provenance
    source_ids: list[str] = Field(max_length=MOST_CHECKED)
    records: list[dict[str, Any]] = Field(max_length=MOST_CHECKED)


class CheckExample(Out):
    """One record: what would change, or why it would be rejected."""

    source_id: str
    changes: dict[str, dict[str, tuple[Any, Any]]] = Field(default_factory=dict)
    message: str | None = None


class Finding(Out):
    """Something that speaks against launching. `refuses`: it cannot work; `warns`: it will hurt."""

    severity: Literal["refuses", "warns"]
    code: str
    field: str
    message: str
    remedy: str
    records: int = Field(description="How many records it is about.")
    source_ids: list[str] = Field(default_factory=list, description="Up to five of them.")


class CheckOut(Out):
    """What would become of the records, and what was found. Nothing was written."""

    scope: Literal["page", "source"] = Field(description="One real page, or all that a run with mode plan read.")
    run_id: UUID | None = Field(default=None, description="The run whose plan was looked at.")
    mapping_version: int
    records: int
    actions: dict[PlanAction, int]
    examples: dict[PlanAction, list[CheckExample]] = Field(description="Up to three records of each kind.")
    findings: list[Finding]
    finds_by: list[SyncKeyOut] = Field(default_factory=list, description="What each sync key does, in words.")
    launchable: bool = Field(description="Whether nothing was found that refuses.")
    notes: list[RunNote] = Field(default_factory=list, description="What the source said beside the records.")
