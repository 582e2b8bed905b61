"""What tests of the guard ask for: losses of every kind, and what is in the tray."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from shared.events import Cause, RecordChangeRequest, RecordChangesRequested
from tests.support.mapper import Mapper, source_user


def source_id(number: int) -> str:
    """Return the source's id of `source_user(number)`."""
    return str(UUID(int=number))


async def hired(mapper: Mapper, count: int) -> list[dict[str, Any]]:
    """Observe so many users, numbered from 1; return their SaaS users in the order of their numbers."""
    for start in range(1, count + 1, 200):
        await mapper.observe([source_user(number) for number in range(start, min(start + 200, count + 1))])
    users = [] if count > 500 else await mapper.saas_users()
    return sorted(users, key=lambda user: UUID(user["fields"]["source_id"]).int)


async def gone(mapper: Mapper, *numbers: int) -> tuple[int, int]:
    """Prove users absent in a run of their own; return how many were marked and how many were withheld."""
    mapper.run_id = uuid4()
    await mapper.publish(mapper.absent(*map(source_id, numbers)))
    applied = mapper.last("sync.absence.applied.v1")
    return applied.newly_missing, applied.withheld


async def requested(mapper: Mapper, action: str, record_ids: Sequence[str], **more: Any) -> list[str]:
    """Let a workflow ask for the same change of several SaaS users at once; return its answers: a code, or the outcome."""
    requests = [request_of(action, record_id, **more) for record_id in record_ids]
    await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=requests))
    return [answer.code or answer.outcome for answer in mapper.last("records.changes.applied.v1").answers]


def request_of(action: str, record_id: str, **more: Any) -> RecordChangeRequest:
    """Return one step's request."""
    step_id = uuid4()
    cause = Cause(kind="workflow_step", id=str(step_id), actor="workflow:Leavers", detail="Leavers · Sophos roles")
    return RecordChangeRequest.model_validate({"step_id": step_id, "record_id": record_id, "action": action, "cause": cause, **more})


async def leave(mapper: Mapper, *record_ids: str, keys: Sequence[str] | None = None) -> list[str]:
    """Ask for leave to delete these users, together; return the outcomes."""
    cause = {"kind": "workflow_step", "id": "step", "actor": "workflow:Offboarding", "detail": "Offboarding · Sophos Delete User"}
    used = keys or [str(uuid4()) for _ in record_ids]
    asks = [{"key": key, "record_id": record_id, "cause": cause} for key, record_id in zip(used, record_ids, strict=True)]
    return [answer["outcome"] for answer in (await mapper.call("POST", "/guard/leave", json={"asks": asks}))["answers"]]


async def tray(mapper: Mapper, **params: Any) -> list[dict[str, Any]]:
    """Return what is in the tray, held unless another state is asked for."""
    return list((await mapper.call("GET", "/withheld", params={"state": "held", "limit": 500, **params}))["items"])


async def decide(mapper: Mapper, what: str, **choice: Any) -> dict[str, Any]:
    """Release or discard."""
    answer: dict[str, Any] = await mapper.call("POST", f"/withheld/{what}", json=choice)
    return answer


async def missing(mapper: Mapper) -> set[int]:
    """Return the numbers of the users who are missing."""
    return {UUID(user["fields"]["source_id"]).int for user in await mapper.saas_users() if user["fields"].get("missing_since")}
