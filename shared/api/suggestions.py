"""Smart mapping: what it looks at, and what it suggests."""

from typing import Any, Literal

from pydantic import Field

from shared.api.base import In, Out
from shared.api.mapped_from import MappedFrom
from shared.api.sources import SourceField
from shared.api.transformations import Step
from shared.events.records import RecordType

MOST_SAMPLES = 100

Certainty = Literal["sure", "likely", "guess"]


class SuggestionsIn(In):
    """What smart mapping looks at."""

    source_fields: list[SourceField] = Field(max_length=1000)
    input_keys: list[str] = Field(default_factory=list)
    object_type: RecordType = "person"
    describes: Literal["user", "device"] = Field(default="user", description="What the source's records are about.")
    application: str | None = Field(default=None, description="Whose records they are: *Sophos User Id* is then the source's id.")
    samples: list[dict[str, Any]] = Field(
        default_factory=list, max_length=MOST_SAMPLES, description="Raw records. They are looked at, and neither kept nor logged."
    )


class Reason(Out):
    """One thing that speaks for a suggestion or against it: `kind` and `details` for programs, `text` for people; no values of samples."""

    kind: str
    text: str
    details: dict[str, Any] = Field(default_factory=dict)


class SuggestedTransformation(Out):
    """What should be done to the value before it is stored, and why. `needed`: without it, values do not fit the target."""

    steps: list[Step] = Field(description="They are among the steps of the suggested source, in this order.")
    needed: bool
    reason: str


class Alternative(Out):
    """Another source for the same target, less fitting; never `sure`."""

    source: MappedFrom
    confidence: float
    certainty: Certainty
    reason: str


class Suggestion(Out):
    """One suggested target, how sure we are (0 to 1), and why."""

    target: str
    source: MappedFrom = Field(description="It can be stored as it is, with its steps: they were tried on the samples.")
    confidence: float
    certainty: Certainty
    reason: str = Field(description="All reasons in one sentence.")
    reasons: list[Reason] = Field(default_factory=list)
    transformations: list[SuggestedTransformation] = Field(default_factory=list)
    alternatives: list[Alternative] = Field(default_factory=list)


class SyncKeySuggestion(Out):
    """A unique field by which records could be found, with what the samples say of it."""

    target: str
    confidence: float
    certainty: Certainty
    samples: int = Field(description="How many records were looked at.")
    empty: int = Field(description="In how many of them it is empty.")
    duplicates: int = Field(description="How many of them share a value with another.")
    reason: str


class SuggestionsOut(Out):
    """What smart mapping suggests. Nothing is stored."""

    suggestions: list[Suggestion]
    sync_keys: list[str] = Field(description="The unique field to find records by, if one fits.")
    sync_key_evidence: list[SyncKeySuggestion] = Field(
        default_factory=list, description="Every unique field that could be one, the best first."
    )
    already_mapped: list[str] = Field(default_factory=list, description="Targets that somebody mapped: left alone.")
    samples: int = Field(default=0, description="How many records were looked at.")
    samples_problem: str | None = Field(default=None, description="Why no records could be looked at; names and types alone were then.")
