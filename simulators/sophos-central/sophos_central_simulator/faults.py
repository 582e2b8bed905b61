"""Faults on demand: what the next matching requests meet."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal["throttle", "error", "slow", "cut", "cut_after", "not_json", "expire_tokens", "forbidden"]


class Fault(BaseModel):
    """Meets the next `count` requests that match, after `skip` that pass."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    method: str | None = Field(default=None, description="Only this method.")
    path: str = Field(default="/", description="Only paths that begin so.")
    count: int = Field(default=1, ge=1, le=1_000_000)
    skip: int = Field(default=0, ge=0)
    status: Literal[500, 502, 503] = 500
    retry_after: float | None = Field(default=None, description="Seconds in a throttle's Retry-After; none: no header.")
    seconds: float = Field(default=1, ge=0, le=300, description="How long a slow answer takes.")


def next_fault(faults: list[Fault], method: str, path: str) -> Fault | None:
    """Return the fault that this request meets, using it up; None when it passes."""
    for fault in faults:
        if (fault.method or method).upper() != method or not path.startswith(fault.path):
            continue
        if fault.skip:
            fault.skip -= 1
            continue
        fault.count -= 1
        if not fault.count:
            faults.remove(fault)
        return fault
    return None
