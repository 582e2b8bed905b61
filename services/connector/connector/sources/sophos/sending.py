"""Changing something at Sophos: written down before it is sent, its answer judged, and what came of it read back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connector.sources.base import Journal, Observed, Outcome, described
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.errors import SignInRefused, api_error
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.wire import SERVER_ERRORS, Answer
from shared.clock import now
from shared.errors import AppError
from shared.events.sources import ProofOfAbsence

FIRST_PAUSE = 0.2
"""Seconds between the first two looks after a change; each pause is twice the one before."""
CUSTOM = "custom"
CONFLICT = 409
DIRECTORIES = {"activeDirectory": "Active Directory", "azureActiveDirectory": "Microsoft Entra ID (Azure AD)"}
Evidence = dict[str, Any]
Judge = Callable[[Answer], Outcome | None]
Look = Callable[[], Awaitable[tuple[bool, dict[str, Any]]]]
"""Whether what is wanted shows, and what was seen."""


async def send(
    journal: Journal,
    place: InTenant,
    method: str,
    path: str,
    evidence: Evidence,
    *,
    body: Any = None,
    params: dict[str, str] | None = None,
    judge: Judge = lambda _: None,
) -> Answer | Outcome | None:
    """Return a success, the outcome when Sophos says no, or None when only a look can tell. `judge` reads what is special first."""
    request: dict[str, Any] = {"method": method, "path": path, "tenant": place.tenant.id, "at": now().isoformat()}
    request |= {name: told for name, told in (("body", body), ("params", params)) if told}
    await journal.about_to_send(request)
    evidence["request"] = request
    try:
        answer = await place.write(method, path, body=body, params=params)
    except AppError as error:
        evidence["answer"] = {"none": described(error), "at": now().isoformat()}
        if isinstance(error, SignInRefused):
            return refused(error.code, error.message, error.remedy, evidence, final=False)
        return None
    evidence["answer"] = answered(answer)
    if (judged := judge(answer)) is not None:
        return judged
    if answer.ok:
        return answer
    if answer.status >= SERVER_ERRORS:
        return None
    no = api_error(answer, f"{method} {path}")
    # Somebody can mend a credential or its role: the same key may then ask again.
    return refused(no.code, no.message, no.remedy, evidence, final=False)


async def read_back(look: Look, evidence: Evidence, seconds: float) -> bool | None:
    """Look until what is wanted shows, or for so many seconds; None when Sophos could not be asked."""
    pause = FIRST_PAUSE
    while True:
        try:
            shows, seen = await look()
        except AppError as error:
            evidence["read_back"] = {"failed": described(error)}
            return None
        if shows or seconds <= 0:
            evidence["read_back"] = seen
            return shows
        await asyncio.sleep(min(pause, seconds))
        seconds, pause = seconds - pause, pause * 2


async def there(across: AcrossTenants, source_id: str, kind: str, evidence: Evidence) -> tuple[InTenant, Observed] | Outcome:
    """Return what is to be changed and its tenant, or the refusal when Sophos does not have it."""
    place, seen = await across.find(source_id)
    evidence["looked_first"] = looked(seen)
    if isinstance(seen, Observed):
        return place, seen
    remedy = "Run the integration and look at the record: it may have been deleted meanwhile."
    return refused("not_found", f"Sophos does not have this {kind}", remedy, evidence)


def done(code: str, message: str, evidence: Evidence, result: Mapping[str, Any]) -> Outcome:
    """Return that it is done, and proven."""
    return Outcome("done", message, code=code, evidence=evidence, result=dict(result))


def so_already(journal: Journal, code: str, message: str, evidence: Evidence, result: Mapping[str, Any]) -> Outcome:
    """Return that nothing is left to do: it was so before, or an earlier attempt of this very key has brought it about."""
    if journal.sent is None:
        return done("already_so", f"{message} already", evidence, result)
    evidence["request"] = journal.sent
    return done(code, f"{message}, since an earlier attempt", evidence, result)


def refused(code: str, message: str, remedy: str | None, evidence: Evidence, *, final: bool = True) -> Outcome:
    """Return that it is not done; one that is not final may be asked for again with the same key."""
    return Outcome("refused", message, code=code, remedy=remedy, evidence=evidence, final=final)


def unclear(message: str, evidence: Evidence, code: str = "not_proven") -> Outcome:
    """Return that it is not known."""
    remedy = "Ask again with the same key: Sophos is looked at first."
    return Outcome("unknown", message, code=code, remedy=remedy, evidence=evidence, final=False)


def directory_of(there: Observed) -> str | None:
    """Return which directory a user or a group is synchronized from; None for one made in Sophos."""
    source = there.record.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    if not isinstance(kind, str) or kind == CUSTOM:
        return None
    return DIRECTORIES.get(kind, f"the directory behind {kind[:60]!r}")


def looked(seen: ProofOfAbsence | Observed) -> dict[str, Any]:
    """Return a look as evidence."""
    if isinstance(seen, ProofOfAbsence):
        return seen.model_dump(mode="json")
    source = seen.record.get("source")
    return {"source_id": seen.source_id, "status": 200, "at": now().isoformat(), "source": source if isinstance(source, dict) else None}


def answered(answer: Answer) -> dict[str, Any]:
    """Return an answer as evidence."""
    return {
        "status": answer.status,
        "deleted": answer.body.get("deleted"),
        "error": str(answer.body.get("error") or "")[:200] or None,
        "at": answer.at.isoformat(),
        "source_correlation_id": answer.correlation_id,
    }
