"""Agents: what one on the customer's own host is told to read, and what it delivers."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from shared.api.base import In, Out
from shared.events.sources import ProofOfAbsence

MOST_PAGES = 12
"""Pages in one delivery."""
MOST_RECORDS = 1_000
"""Records of one page."""
MOST_QUESTIONS = 48
"""Ids that an agent is asked about at once."""
MOST_INCIDENTS = 1_000
MOST_REQUESTS = 1_000_000

Step = Literal["listing", "proving"]
SourceId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Cursor = dict[str, Any]


class ClaimIn(In):
    """An agent that has time for a run."""

    version: str = Field(max_length=50, description="Of Rollcall on the agent's host.")
    providers: list[Annotated[str, StringConstraints(max_length=100)]] = Field(
        max_length=100, description="The kinds of source that it can read."
    )


class AgentInput(Out):
    """A value that the source needs, and the global variable it came from."""

    key: str
    value: str
    variable: str | None = None


class TaskOut(Out):
    """A run that an agent has taken: it is its own for `lease_seconds`, and for as long again after each sign of life."""

    run_id: UUID
    fence: int = Field(description="Sent with everything that is said about the run; a later claim has a higher one.")
    lease_seconds: float
    step: Step
    integration_id: UUID
    integration_name: str
    provider: str
    credential: str = Field(description="The credential, as the agent's own file calls it.")
    inputs: list[AgentInput]
    since: datetime | None = Field(description="Of a quick run: from when on changes are read, at the earliest.")
    since_by_part: dict[str, datetime] = Field(
        default_factory=dict,
        description="The same for each part of the source, such as a tenant; one that is not named is left to a full run.",
    )
    cursor: Cursor | None = Field(description="Where the listing goes on: behind the last page that was stored.")
    correlation_id: UUID


class ClaimOut(Out):
    """The run that is due, or nothing."""

    task: TaskOut | None


class HeldIn(In):
    """Something about a run that an agent has taken."""

    fence: int = Field(ge=0)


class HeldOut(Out):
    """The run is still the agent's."""

    lease_seconds: float


class DeliveredRecord(In):
    """One raw record, as fetched."""

    source_id: SourceId
    record: dict[str, Any]


class DeliveredRejection(In):
    """One record that a run cannot take."""

    source_id: Annotated[str, StringConstraints(max_length=200)]
    code: Code
    message: str
    field: str | None = None
    remedy: str | None = None
    record: dict[str, Any] | None = None


class DeliveredNote(In):
    """Something that the source says beside its records."""

    code: Code
    message: str
    remedy: str | None = None
    about: str = ""
    is_error: bool = False


class DeliveredIncident(In):
    """A request that failed in a way that passed."""

    kind: Code
    details: dict[str, Any]
    at: AwareDatetime


class DeliveredPage(In):
    """One page of a listing, as it was read."""

    records: list[DeliveredRecord] = Field(max_length=MOST_RECORDS)
    rejected: list[DeliveredRejection] = Field(default_factory=list, max_length=MOST_RECORDS)
    notes: list[DeliveredNote] = Field(default_factory=list, max_length=MOST_RECORDS)
    incidents: list[DeliveredIncident] = Field(default_factory=list, max_length=MOST_INCIDENTS)
    fetched_at: AwareDatetime
    source_time: AwareDatetime | None = None
    next: Cursor | None = Field(description="Where the next page is; null after the last one.")
    complete: bool = Field(default=True, description="Of the last page: whether nothing was left out on the way.")
    total: int | None = Field(default=None, ge=0)
    part: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="The part of the source that it shows, such as a tenant's id."
    )
    ends_part: bool = Field(default=False, description="Whether the part was listed to its end with this page, and nothing of it left out.")
    took_ms: int = Field(ge=0)
    requests: int = Field(ge=0, description="Requests that were spent on it.")


class PagesIn(HeldIn):
    """Pages that follow each other, the first of them behind `after`."""

    after: Cursor | None = Field(description="The cursor of the page before; null for the first page.")
    pages: list[DeliveredPage] = Field(min_length=1, max_length=MOST_PAGES)

    @model_validator(mode="after")
    def _last_page_is_last(self) -> Self:
        if any(page.next is None for page in self.pages[:-1]):
            raise ValueError("only the last of the pages may be the listing's last one (next: null)")
        return self


class AnswerIn(In):
    """What the source says of one id: exactly one of the three."""

    source_id: SourceId
    absent: ProofOfAbsence | None = None
    present: dict[str, Any] | None = Field(default=None, description="The record: it is there after all.")
    problem: dict[str, Any] | None = Field(default=None, description="Why neither is known: code, message, remedy.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(said is not None for said in (self.absent, self.present, self.problem)) != 1:
            raise ValueError("say exactly one of absent, present and problem")
        if self.absent is not None and self.absent.source_id != self.source_id:
            raise ValueError("the proof is about another id")
        return self


class AnswersIn(HeldIn):
    """Answers to the questions before, and the wish for the next ones."""

    answers: list[AnswerIn] = Field(default_factory=list, max_length=MOST_QUESTIONS)
    requests: int = Field(default=0, ge=0, description="Requests that were spent on them.")
    incidents: list[DeliveredIncident] = Field(default_factory=list, max_length=MOST_INCIDENTS)
    given_up: dict[str, Any] | None = Field(default=None, description="Why the source is asked nothing more in this run: code, message.")


class QuestionsOut(Out):
    """Ids to ask the source for. None: the agent's part of the run is done."""

    questions: list[str]
    parts: list[str] = Field(default_factory=list, description="The part of the source in which each is asked for, in the same order.")


class FailureIn(HeldIn):
    """Why a run cannot be done."""

    code: Code
    message: str
    remedy: str | None = None
    of_credential: bool = Field(default=False, description="Whether it stays until somebody mends the credential.")
    details: dict[str, Any] = Field(default_factory=dict)
    requests: int = Field(default=0, ge=0, le=MOST_REQUESTS, description="Requests that were spent since the last delivery.")
    incidents: list[DeliveredIncident] = Field(default_factory=list, max_length=MOST_INCIDENTS)


class AssignedOut(Out):
    """An integration that an agent is to read."""

    id: UUID
    name: str
    state: str
    provider: str
    credential: str | None
    inputs: list[AgentInput]


class AgentSelfOut(Out):
    """What an agent is there for."""

    name: str
    integrations: list[AssignedOut]


class AgentOut(Out):
    """An agent, as operators see it."""

    name: str
    version: str
    providers: list[str]
    first_seen_at: datetime
    seen_at: datetime = Field(description="When it last asked for work, exact to half a minute.")
    integrations: list[str] = Field(description="Names of the integrations that name it.")
