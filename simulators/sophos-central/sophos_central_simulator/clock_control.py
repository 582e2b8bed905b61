"""The control API of the clock."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sophos_central_simulator.people import stamp
from sophos_central_simulator.requests import answer, tenants_of

router = APIRouter(prefix="/_control")


class Advance(BaseModel):
    """How many seconds the clock goes ahead."""

    model_config = ConfigDict(extra="forbid")

    advance: float = Field(ge=0, le=10 * 365 * 86_400)


@router.get("/clock")
async def read_clock(request: Request) -> Response:
    """Return the simulator's time."""
    return answer({"now": stamp(tenants_of(request).clock.now())})


@router.post("/clock")
async def advance_clock(request: Request, given: Advance) -> Response:
    """Move the simulator's time ahead for all its tenants: tokens end, rate windows pass, isolations are done. It never goes back."""
    clock = tenants_of(request).clock
    clock.advance(given.advance)
    return answer({"now": stamp(clock.now())})
