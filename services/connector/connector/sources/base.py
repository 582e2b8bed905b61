"""The port: what the connector asks of a source, whichever system is behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

import httpx
from pydantic import SecretStr

from connector.sources.settings import SourceSettings
from shared.api.credentials import CredentialTestOut
from shared.api.sources import OperationInfo, ProviderOut
from shared.errors import AppError
from shared.events.sources import ProofOfAbsence
from shared.events.syncs import Rejection

Cursor = dict[str, Any]
"""Where a listing goes on. Only the source that gave it can read it."""


@dataclass(frozen=True, slots=True)
class Input:
    """A value that the source needs beside the credential, and the global variable it came from."""

    key: str
    value: str
    variable: str | None = None

    @property
    def origin(self) -> str:
        """Where somebody who wants to mend the value finds it."""
        return f"the global variable {self.variable!r}" if self.variable else f"the input {self.key!r}"


@dataclass(frozen=True, slots=True)
class Access:
    """What a source needs to be spoken to."""

    credential_id: UUID
    credential_name: str
    kind: str
    fields: Mapping[str, str]
    secrets: Mapping[str, SecretStr] = field(repr=False)
    inputs: tuple[Input, ...] = ()
    file_id: UUID | None = None
    """The uploaded file that is read, where the source is one."""

    @classmethod
    def of_file(cls, file_id: UUID, inputs: tuple[Input, ...]) -> "Access":
        """Return the access to an uploaded file: nothing signs in, and the file's id stands for what would."""
        return cls(file_id, "", "file", {}, {}, inputs, file_id)

    @property
    def client_id(self) -> str:
        """Who signs in with client credentials."""
        return self.fields["client_id"]

    @property
    def client_secret(self) -> SecretStr:
        """What proves it."""
        return self.secrets["client_secret"]


@dataclass(frozen=True, slots=True)
class Observed:
    """One raw user or device, as fetched."""

    source_id: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a run says beside its records, about an id of the source such as a tenant's. `is_error`: the run ends with errors."""

    code: str
    message: str
    remedy: str | None = None
    about: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One page of a listing. `next` is None on the last one, which says whether anything was left out of the listing on the way."""

    users: list[Observed]
    rejected: list[Rejection]
    fetched_at: datetime
    next: Cursor | None
    notes: tuple[Note, ...] = ()
    complete: bool = True
    source_time: datetime | None = None
    """What the source's own clock said when it answered, if it said so."""
    total: int | None = None
    """How many records the whole listing has, if the source said so."""
    part: str = ""
    """The part of the source that it shows, such as a tenant's id; empty: the source has no parts."""
    ends_part: bool = False
    """Whether the part was listed to its end with this page, and nothing of it left out."""
    written: bytes | None = field(default=None, repr=False)
    """Its users' records as one JSON array, once they were written as that to be looked through."""

    @property
    def fetched(self) -> int:
        """How many records the source gave, usable or not."""
        return len(self.users) + len(self.rejected)

    @property
    def listed_part(self) -> str | None:
        """The part whose listing is whole with this page, if it is one's; a source without parts is one, whose name is empty."""
        is_whole = self.ends_part if self.part else self.next is None and self.complete
        return self.part if is_whole else None


class Session(Protocol):
    """A source that has been signed in to, for one run."""

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""

    async def page(self, cursor: Cursor | None) -> SourcePage:
        """Return the page at `cursor` (None: the first). Raises `Upstream` errors once retrying is of no more use."""

    async def look_for(self, source_id: str, part: str = "") -> ProofOfAbsence | Observed:
        """Ask for one user, in the part of the source in which they were seen last, or wherever they may be.

        Anything but a clear yes or no raises: silence proves nothing.
        """


class Journal(Protocol):
    """What an operation writes down before it acts, so that whoever takes over knows."""

    @property
    def sent(self) -> dict[str, Any] | None:
        """What an earlier attempt had written down before it acted, or None."""

    async def about_to_send(self, request: dict[str, Any]) -> None:
        """Store that `request` (no secret) is about to leave. Raises when another worker has taken over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an operation. One that is not `final` is not kept: the same key asks again."""

    outcome: Literal["done", "refused", "unknown"]
    message: str
    code: str | None = None
    remedy: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    final: bool = True


class Operation(Protocol):
    """One thing that can be done at a source."""

    @property
    def key(self) -> str:
        """Its name in the API."""

    @property
    def info(self) -> OperationInfo:
        """What it does and takes, for people and forms."""

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise `Invalid`, naming each argument that is wrong."""

    async def run(self, access: Access, arguments: dict[str, Any], journal: Journal) -> Outcome:
        """Do it. Raises only what says nothing about whether it was done before anything was sent."""


class Source(Protocol):
    """One kind of source."""

    @property
    def manifest(self) -> ProviderOut:
        """What it is, needs and offers."""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done there, by key."""

    async def open(self, access: Access) -> Session:
        """Sign in and make sure that the inputs agree with what the source says. Raises `Upstream`, `Invalid`."""

    async def test(self, access: Access) -> CredentialTestOut:
        """Look at everything that a run needs; never raises because of the source."""

    def forget(self, credential_id: UUID) -> None:
        """Drop what is kept in memory about a credential."""


class RecentSource(Source, Protocol):
    """A source whose manifest says `quick_runs`: it can tell who changed lately."""

    async def open_recent(self, access: Access, since: Mapping[str, datetime]) -> Session:
        """As `open`, for those only who changed since a moment on the source's clock, which each part has for itself.

        A source without parts is one, whose name is empty. A part that is not named was never listed whole: its pages say so, and it
        is left to the next full run.
        """


class Permits(Protocol):
    """Who says when a source may be asked."""

    async def permit(self, scope: str, per_minute: int | None = None) -> None:
        """Return when one more request may be sent to `scope`, which names what the limits are counted for.

        `per_minute`: the requests that it allows in any minute; left out: the limits that the settings choose.
        """

    async def throttled(self, scope: str, retry_after: float | None, per_minute: int | None = None) -> None:
        """Say that the source has asked for fewer requests, and for so many seconds of silence if it named them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records a listing would show, and how many requests it would take. `scope`: what its limits are counted for.

    `seconds`: how long the source took for one page of it. `per_minute`: the limit that was set for the scope alone.
    """

    records: int
    requests: int
    scope: str
    seconds: float
    per_minute: int | None = None


class LimitedSource(Source, Protocol):
    """A source that cannot say how much there is, but what its requests are counted for."""

    def limit(self, access: Access) -> tuple[str, int]:
        """Return the scope, and how many requests it allows in any minute. Raises `Invalid`."""


class CountingSource(Source, Protocol):
    """A source that can say how much there is without listing it."""

    async def count(self, access: Access, since: Mapping[str, datetime] | None = None) -> list[Counted]:
        """Return the count of each part that is limited by itself, at the price of one request for each.

        Of those only who changed `since`, as `open_recent` reads them. Raises as `open` does.
        """


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of an uploaded file whose rows are at hand."""

    id: UUID
    name: str
    sha256: str
    columns: list[str]
    rows: int
    pieces: int


class Files(Protocol):
    """Uploaded files. They never change."""

    async def about(self, file_id: UUID) -> StoredFile:
        """Return a file. Raises `FileGone`."""

    async def piece(self, file_id: UUID, number: int) -> list[list[Any]]:
        """Return some rows, each behind its number: a file is read piece by piece. Raises `FileGone`."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a provider is made with."""

    settings: SourceSettings
    http: httpx.AsyncClient
    """For hosts that the settings name. Follows no redirect; its time-outs are set."""
    rates: Permits
    """Keeps the limits of sources; every request to one that has some asks it first."""
    outward: httpx.AsyncClient
    """For addresses that somebody typed in: it checks where they lead."""
    files: Files | None = None
    """What was uploaded to this Rollcall; an agent on another host has none."""


class MakesSources(Protocol):
    """What an entry point in the group `rollcall.providers` names: it makes one or several kinds of source that share something."""

    def __call__(self, surroundings: Surroundings) -> Iterable[Source]:
        """Return them. Speaks to nobody yet."""


def described(error: AppError) -> dict[str, Any]:
    """Return an error as stored and shown with a run or an operation: code, message, remedy, the source's own ids."""
    return {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        **({"fields": error.fields} if error.fields else {}),
        **error.details,
    }
