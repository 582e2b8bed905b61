"""The contracts: every event that services tell each other, one module per subject."""

from shared.events.base import CONTRACTS, Event
from shared.events.records import Cause, Change, ChangeKind, RecordsChanged, RecordsWithheld, RecordType, TrayEmptied
from shared.events.sources import (
    IntegrationDeleted,
    ListingCompleted,
    PlannedPageApproved,
    ProofOfAbsence,
    Provenance,
    UsersObserved,
    UsersProvenAbsent,
)
from shared.events.syncs import AbsenceApplied, AbsenceSuspected, PageApplied, PageCounts, PageStaged, Rejection, RunFinished
from shared.events.workflows import (
    EndedRun,
    RecordChangeAnswer,
    RecordChangeRequest,
    RecordChangesApplied,
    RecordChangesRequested,
    StepsReady,
    WorkflowRunsEnded,
)

__all__ = [
    "CONTRACTS",
    "AbsenceApplied",
    "AbsenceSuspected",
    "Cause",
    "Change",
    "ChangeKind",
    "EndedRun",
    "Event",
    "IntegrationDeleted",
    "ListingCompleted",
    "PageApplied",
    "PageCounts",
    "PageStaged",
    "PlannedPageApproved",
    "ProofOfAbsence",
    "Provenance",
    "RecordChangeAnswer",
    "RecordChangeRequest",
    "RecordChangesApplied",
    "RecordChangesRequested",
    "RecordType",
    "RecordsChanged",
    "RecordsWithheld",
    "Rejection",
    "RunFinished",
    "StepsReady",
    "TrayEmptied",
    "UsersObserved",
    "UsersProvenAbsent",
    "WorkflowRunsEnded",
]
