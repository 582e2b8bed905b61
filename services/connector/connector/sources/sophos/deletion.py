"""The operation `delete-user`: look, delete, and look again. Sophos answers 200 to the deletion of anybody, so only a 404 counts."""

import asyncio
import unicodedata
from typing import Any

from connector.sources.base import Access, Journal, Observed, Outcome, described
from connector.sources.sophos.api import SophosCentral
from connector.sources.sophos.errors import SignInRefused, api_error
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.users import look_for, user_path, users_of
from connector.sources.wire import SERVER_ERRORS, Answer
from shared.clock import now
from shared.errors import AppError, Invalid
from shared.events.sources import ProofOfAbsence

FIRST_PAUSE = 0.2
"""Seconds between the first two looks after a deletion; each pause is twice the one before."""
CUSTOM = "custom"
CONFLICT = 409
DIRECTORIES = {"activeDirectory": "Active Directory", "azureActiveDirectory": "Microsoft Entra ID (Azure AD)"}


class DeleteUser:
    """Deletes one user, whose e-mail must be the one that is expected."""

    key = "delete-user"

    def __init__(self, central: SophosCentral) -> None:
        self._central = central

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise `Invalid` unless the user and the e-mail are named."""
        problems = [
            {"field": f"arguments.{name}", "message": "must be given, as text", "remedy": f"Send {name}."}
            for name in ("source_id", "expected_email")
            if not isinstance(arguments.get(name), str) or not arguments[name].strip()
        ]
        if problems:
            named = ", ".join(problem["field"] for problem in problems)
            raise Invalid(f"{named} must be given, as text", remedy="Send both: who, and which e-mail they must have.", fields=problems)
        user_path(arguments["source_id"])

    async def run(self, access: Access, arguments: dict[str, Any], journal: Journal) -> Outcome:
        """Delete the user; the outcome is what a later look shows."""
        source_id, expected = arguments["source_id"], arguments["expected_email"]
        evidence: dict[str, Any] = {}
        place, there = await (await users_of(self._central, access)).find(source_id)
        evidence["looked_first"] = _look(there)
        if isinstance(there, ProofOfAbsence):
            return _gone_already(there, evidence, journal)
        if (refused := _wrong_person(there, expected, evidence)) is not None:
            return refused
        return await self._delete(place, there, evidence, journal)

    async def _delete(self, place: InTenant, there: Observed, evidence: dict[str, Any], journal: Journal) -> Outcome:
        path = user_path(there.source_id)
        request = {"method": "DELETE", "path": path, "tenant": place.tenant.id, "at": now().isoformat()}
        await journal.about_to_send(request)
        evidence["request"] = request
        try:
            answer = await place.write("DELETE", path)
        except AppError as error:
            evidence["answer"] = {"none": described(error), "at": now().isoformat()}
            if isinstance(error, SignInRefused):
                return Outcome("refused", error.message, code=error.code, remedy=error.remedy, evidence=evidence, final=False)
        else:
            evidence["answer"] = _answered(answer)
            if (refused := _refused(answer, there, evidence)) is not None:
                return refused
        return await self._read_back(place, there.source_id, evidence)

    async def _read_back(self, place: InTenant, source_id: str, evidence: dict[str, Any]) -> Outcome:
        """Look until Sophos says 404; lists and reads may lag behind a deletion for a moment."""
        patience, pause = self._central.read_back_seconds, FIRST_PAUSE
        while True:
            try:
                seen = await look_for(place, source_id)
            except AppError as error:
                return _unclear(
                    "the deletion was sent, but whether the user is gone could not be read back", evidence, {"failed": described(error)}
                )
            if isinstance(seen, ProofOfAbsence):
                evidence["read_back"] = _look(seen)
                result = {"source_id": source_id, "proof": seen.model_dump(mode="json")}
                return Outcome("done", "the user was deleted; Sophos answers 404", code="deleted", evidence=evidence, result=result)
            if patience <= 0:
                return _unclear("the deletion was sent, but Sophos still shows the user", evidence, _look(seen))
            await asyncio.sleep(min(pause, patience))
            patience, pause = patience - pause, pause * 2


def same_email(one: str, other: str) -> bool:
    """Return whether two e-mail addresses are the same to people: whatever their case, width and surrounding space."""
    return _email_key(one) == _email_key(other)


def _email_key(email: str) -> str:
    return unicodedata.normalize("NFKC", email).strip().casefold()


def _gone_already(proof: ProofOfAbsence, evidence: dict[str, Any], journal: Journal) -> Outcome:
    result = {"source_id": proof.source_id, "proof": proof.model_dump(mode="json")}
    if journal.sent is None:
        return Outcome("done", "Sophos does not have this user", code="already_absent", evidence=evidence, result=result)
    evidence["request"] = journal.sent
    evidence["answer"] = {"none": "the attempt that sent the request ended before its answer was stored"}
    evidence["read_back"] = evidence["looked_first"]
    return Outcome(
        "done", "the user was deleted by an earlier attempt; Sophos answers 404", code="deleted", evidence=evidence, result=result
    )


def _wrong_person(there: Observed, expected: str, evidence: dict[str, Any]) -> Outcome | None:
    email = there.record.get("email")
    if isinstance(email, str) and same_email(email, expected):
        return None
    return Outcome(
        "refused",
        "the user's e-mail in Sophos is not the expected one; nothing was deleted",
        code="email_mismatch",
        remedy="Run the integration, look at the record, and decide again.",
        evidence=evidence,
    )


def _refused(answer: Answer, there: Observed, evidence: dict[str, Any]) -> Outcome | None:
    """Return the outcome when Sophos says no; None when only a look can tell."""
    if answer.status == CONFLICT:
        return _conflict(there, evidence)
    if answer.ok or answer.status == 404 or answer.status >= SERVER_ERRORS:  # noqa: PLR2004 - Not Found
        return None
    error = api_error(answer, evidence["request"]["method"] + " " + evidence["request"]["path"])
    # Somebody can mend a credential or its role: the same key may then ask again.
    return Outcome("refused", error.message, code=error.code, remedy=error.remedy, evidence=evidence, final=False)


def _conflict(there: Observed, evidence: dict[str, Any]) -> Outcome:
    source = there.record.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    if isinstance(kind, str) and kind != CUSTOM:
        directory = DIRECTORIES.get(kind, f"the directory behind {kind[:60]!r}")
        return Outcome(
            "refused",
            f"Sophos does not delete this user: it is synchronized from {directory}",
            code="directory_synced",
            remedy=f"Remove or disable the user in {directory}; the next directory synchronization removes it from Sophos.",
            evidence=evidence,
        )
    return Outcome(
        "refused",
        "Sophos does not delete this user: it reports a conflict",
        code="source_conflict",
        remedy="Look at the user in Sophos Central: the last administrator, for one, cannot be deleted.",
        evidence=evidence,
    )


def _unclear(message: str, evidence: dict[str, Any], read_back: dict[str, Any]) -> Outcome:
    evidence["read_back"] = read_back
    return Outcome(
        "unknown",
        message,
        code="not_proven",
        remedy="Ask again with the same key: Sophos is looked at first.",
        evidence=evidence,
        final=False,
    )


def _look(seen: ProofOfAbsence | Observed) -> dict[str, Any]:
    if isinstance(seen, ProofOfAbsence):
        return seen.model_dump(mode="json")
    source = seen.record.get("source")
    return {"source_id": seen.source_id, "status": 200, "at": now().isoformat(), "source": source if isinstance(source, dict) else None}


def _answered(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "deleted": answer.body.get("deleted"),
        "error": str(answer.body.get("error") or "")[:200] or None,
        "at": answer.at.isoformat(),
        "source_correlation_id": answer.correlation_id,
    }
