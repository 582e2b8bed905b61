"""Trying an agent's credentials, each as the integrations that name it would use it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from connector.local.running import Local
from connector.sources.base import Input
from shared.api.agents import AssignedOut
from shared.errors import AppError


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one step."""

    integration: str
    check: str
    ok: bool
    message: str


async def checked(local: Local) -> AsyncIterator[Checked]:
    """Give the outcome of each step as it is known. Raises `TokenRefused`, `Upstream` when the gateway cannot be asked."""
    own = await local.gateway.own()
    yield Checked("", "gateway", ok=True, message=f"this is the agent {own.name!r}; integrations that name it: {len(own.integrations)}")
    for assigned in own.integrations:
        async for step in _of_integration(local, assigned):
            yield step


async def _of_integration(local: Local, assigned: AssignedOut) -> AsyncIterator[Checked]:
    if assigned.credential is None:
        yield Checked(assigned.name, "credential", ok=False, message="the integration names none: set its local_credential")
        return
    inputs = tuple(Input(given.key, given.value, given.variable) for given in assigned.inputs)
    try:
        source = local.providers.get(assigned.provider)
        accepted = local.providers.accepted_by(source.manifest)
        access = await asyncio.to_thread(local.credentials.access, assigned.credential, source.manifest, accepted, inputs)
    except AppError as error:
        yield Checked(assigned.name, "credential", ok=False, message=f"{error.message}. {error.remedy or ''}".strip())
        return
    yield Checked(assigned.name, "credential", ok=True, message=f"{assigned.credential!r} is there")
    for step in (await source.test(access)).checks:
        yield Checked(assigned.name, step.name, ok=step.ok, message=step.message)
