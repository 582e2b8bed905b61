"""Faults on demand: what the next matching requests meet."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal["throttle", "error", "slow", "cut", "cut_after", "cut_midway", "not_json", "expire_tokens", "forbidden", "drift"]
EVERYTHING = "/"


class Fault(BaseModel):
    """Meets the next `count` requests that match, after `skip` that pass.

    `throttle`: 429. `error`: `status`, before the work or `after` it. `slow`: the work begins after `seconds`. `cut`: the connection
    is dropped before the work; `cut_after`: when the work is done; `cut_midway`: in the middle of the answer. `not_json`: 200 with a
    page of HTML. `expire_tokens`: every token of the tenant ends, this request's too. `forbidden`: 403. `drift`: nothing happens to the
    request, but just before it so many of the tenant's people `change`, `join` and `leave`.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    method: str | None = Field(default=None, description="Only this method.")
    path: str = Field(default=EVERYTHING, description="Only paths that begin so. Sign-in is met only by a fault that names its path.")
    count: int = Field(default=1, ge=1, le=1_000_000)
    skip: int = Field(default=0, ge=0, le=1_000_000)
    status: Literal[500, 502, 503] = 500
    after: bool = Field(default=False, description="An error that comes although the work was done.")
    retry_after: float | None = Field(default=None, ge=0, description="Seconds in the Retry-After of a throttle or error; none: no header.")
    seconds: float = Field(default=1, ge=0, le=300, description="How long a slow answer takes.")

    change: int = Field(default=0, ge=0, le=10_000)
    join: int = Field(default=0, ge=0, le=10_000)
    leave: int = Field(default=0, ge=0, le=10_000)

    def matches(self, method: str, path: str, *, sign_in: bool = False) -> bool:
        """Return whether such a request is meant."""
        if sign_in and self.path == EVERYTHING:
            return False
        return (self.method or method).upper() == method and path.startswith(self.path)


def next_fault(faults: list[Fault], method: str, path: str, *, sign_in: bool = False) -> Fault | None:
    """Return the fault that this request meets, using it up; None when it passes."""
    for fault in faults:
        if not fault.matches(method, path, sign_in=sign_in):
            continue
        if fault.skip:
            fault.skip -= 1
            continue
        fault.count -= 1
        if not fault.count:
            faults.remove(fault)
        return fault
    return None
