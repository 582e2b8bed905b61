"""Deleting: look, delete, and look again. Sophos answers 200 to the deletion of anybody, so only a 404 counts."""

from abc import abstractmethod
from typing import Any, Generic, TypeVar

from connector.sources.base import Access, Journal, Observed, Outcome
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.commands import Command, Which
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.sending import CONFLICT, Evidence, done, looked, read_back, send, unclear
from connector.sources.wire import Answer
from shared.events.sources import ProofOfAbsence

W = TypeVar("W", bound=Which)


class Deletion(Command[W], Generic[W]):
    """Deletes one thing, which must be the one that is expected."""

    destructive = True
    kind: str

    @abstractmethod
    async def opened(self, access: Access) -> AcrossTenants:
        """Return the tenants that it may be in."""

    @abstractmethod
    async def look(self, place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
        """Ask for it by id."""

    @abstractmethod
    def path(self, source_id: str) -> str:
        """Return its path. Raises `Invalid` for what cannot be an id."""

    @abstractmethod
    def another(self, there: Observed, given: W, evidence: Evidence) -> Outcome | None:
        """Return the refusal when it is not what is expected."""

    @abstractmethod
    def conflict(self, there: Observed, evidence: Evidence) -> Outcome:
        """Return what a 409 means."""

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise `Invalid`, naming each argument that is wrong."""
        self.path(self.read(arguments).source_id)

    async def carry_out(self, access: Access, given: W, journal: Journal) -> Outcome:
        """Delete it; the outcome is what a later look shows."""
        evidence: Evidence = {}
        place, there = await (await self.opened(access)).find(given.source_id)
        evidence["looked_first"] = looked(there)
        if isinstance(there, ProofOfAbsence):
            return self._gone_already(there, evidence, journal)
        if (another := self.another(there, given, evidence)) is not None:
            return another

        def judge(answer: Answer) -> Outcome | None:
            return self.conflict(there, evidence) if answer.status == CONFLICT else None

        answer = await send(journal, place, "DELETE", self.path(there.source_id), evidence, judge=judge)
        # A 404 says no more than a 200 does: the look tells.
        if isinstance(answer, Outcome) and evidence["answer"].get("status") != NOT_FOUND:
            return answer
        return await self._read_back(place, there.source_id, evidence)

    async def _read_back(self, place: InTenant, source_id: str, evidence: Evidence) -> Outcome:
        """Look until Sophos says 404; lists and reads may lag behind a deletion for a moment."""

        async def look() -> tuple[bool, dict[str, Any]]:
            seen = await self.look(place, source_id)
            return isinstance(seen, ProofOfAbsence), looked(seen)

        gone = await read_back(look, evidence, self.central.read_back_seconds)
        if gone:
            result = {"source_id": source_id, "proof": evidence["read_back"]}
            return done("deleted", f"the {self.kind} was deleted; Sophos answers 404", evidence, result)
        if gone is None:
            return unclear(f"the deletion was sent, but whether the {self.kind} is gone could not be read back", evidence)
        return unclear(f"the deletion was sent, but Sophos still shows the {self.kind}", evidence)

    def _gone_already(self, proof: ProofOfAbsence, evidence: Evidence, journal: Journal) -> Outcome:
        result = {"source_id": proof.source_id, "proof": proof.model_dump(mode="json")}
        if journal.sent is None:
            return done("already_absent", f"Sophos does not have this {self.kind}", evidence, result)
        evidence["request"] = journal.sent
        evidence["answer"] = {"none": "the attempt that sent the request ended before its answer was stored"}
        evidence["read_back"] = evidence["looked_first"]
        return done("deleted", f"the {self.kind} was deleted by an earlier attempt; Sophos answers 404", evidence, result)
