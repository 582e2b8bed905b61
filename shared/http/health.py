"""Health and metrics: alive, ready (naming each dependency), and figures for those who hold the token."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, SecretStr

from shared.errors import Forbidden, Unauthenticated
from shared.observability.logging import get_logger

log = get_logger(__name__)

Check = Callable[[], Awaitable[None]]
CHECK_SECONDS = 3.0


class Dependency(BaseModel):
    """One thing the service cannot work without."""

    state: Literal["up", "down"]
    error: str | None = None


class Readiness(BaseModel):
    """Whether the service can work, and what stands in its way."""

    service: str
    state: Literal["ready", "not_ready"]
    dependencies: dict[str, Dependency]


class Liveness(BaseModel):
    """The process answers."""

    service: str
    state: Literal["alive"] = "alive"


@dataclass(frozen=True, slots=True)
class Health:
    """What a service says of itself; the app keeps it in its state, where the routes find it."""

    service: str
    checks: Mapping[str, Check]
    metrics_token: SecretStr | None


router = APIRouter()


def _health(request: Request) -> Health:
    health: Health = request.app.state.health
    return health


OfApp = Annotated[Health, Depends(_health)]


@router.get("/health/live", tags=["health"])
async def live(health: OfApp) -> Liveness:
    """Say that the process answers."""
    return Liveness(service=health.service)


@router.get("/health/ready", tags=["health"], responses={503: {"model": Readiness}})
async def ready(health: OfApp, response: Response) -> Readiness:
    """Name each dependency and its state; 503 while one is down."""
    states = await asyncio.gather(*(_state(name, check) for name, check in health.checks.items()))
    dependencies = dict(zip(health.checks, states, strict=True))
    up = all(state.state == "up" for state in states)
    response.status_code = 200 if up else 503
    return Readiness(service=health.service, state="ready" if up else "not_ready", dependencies=dependencies)


@router.get("/metrics", tags=["health"], include_in_schema=False)
async def metrics(health: OfApp, request: Request) -> Response:
    """Give the figures in Prometheus' text format to whoever shows ROLLCALL_METRICS_TOKEN."""
    if health.metrics_token is None:
        raise Forbidden("metrics are closed", remedy="Set ROLLCALL_METRICS_TOKEN and send it as a bearer token.")
    shown = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
    if not secrets.compare_digest(shown, health.metrics_token.get_secret_value().encode()):
        raise Unauthenticated("metrics need the metrics token", remedy="Send ROLLCALL_METRICS_TOKEN as a bearer token.")
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _state(name: str, check: Check) -> Dependency:
    try:
        await asyncio.wait_for(check(), timeout=CHECK_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever fails is what the answer is about
        log.warning("dependency_down", dependency=name, error=type(error).__name__)
        return Dependency(state="down", error=type(error).__name__)
    return Dependency(state="up")
