"""The agent: asks for runs that are due, works on a few at once, and gives back what it holds when it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from uuid import UUID

from connector.local.carrying_out import CarryingOut
from connector.local.credentials import LocalCredentials
from connector.local.delivered import delivered_failure
from connector.local.gateway import CertificateRefused, Gateway, NoLongerOurs, TokenRefused
from connector.local.settings import AgentSettings
from connector.providers.providers import Providers
from connector.rates.lane import for_integration
from connector.runs.log import incidents
from connector.sources.incidents import gathered
from shared.api.agents import ClaimIn, TaskOut
from shared.errors import AppError
from shared.observability.correlation import correlated
from shared.observability.logging import get_logger

log = get_logger(__name__)

SIGNS_PER_LEASE = 3
LAST_WORDS = 5.0
"""Seconds that giving back may take when the agent stops."""


class AgentCrashed(AppError):
    """A run met an error on an agent that nobody foresaw."""

    code = "agent_error"


class Agent:
    """Works on runs of the integrations that name its account."""

    def __init__(self, gateway: Gateway, providers: Providers, credentials: LocalCredentials, settings: AgentSettings) -> None:
        self._gateway = gateway
        self._providers = providers
        self._credentials = credentials
        self._settings = settings
        self._at_work: dict[UUID, tuple[TaskOut, asyncio.Task[None]]] = {}
        self._offer = ClaimIn(version=version("rollcall"), providers=[source.manifest.key for source in providers])

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then let go of every run. Raises `TokenRefused`, `CertificateRefused`: waiting mends neither."""
        pause = self._settings.poll_seconds
        try:
            while not stop.is_set():
                try:
                    took = len(self._at_work) < self._settings.max_parallel_runs and await self._take()
                    pause = self._settings.poll_seconds
                except (TokenRefused, CertificateRefused):
                    raise
                except AppError as error:
                    log.warning("gateway_not_reached", code=error.code, detail=error.message)
                    took, pause = False, min(pause * 2, max(self._settings.longest_pause, self._settings.poll_seconds))
                if not took:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), timeout=pause)
        finally:
            await self._let_go()

    async def _take(self) -> bool:
        task = await self._gateway.claim(self._offer)
        if task is None:
            return False
        work = asyncio.create_task(self._carry_out(task), name=f"run-{task.run_id}")
        self._at_work[task.run_id] = (task, work)
        work.add_done_callback(lambda _done: self._at_work.pop(task.run_id, None))
        return True

    async def _carry_out(self, task: TaskOut) -> None:
        log.info("run_taken", run_id=str(task.run_id), integration=task.integration_name, step=task.step)
        with correlated(task.correlation_id), for_integration(task.integration_id), gathered():
            try:
                async with self._kept_alive(task):
                    await CarryingOut(self._gateway, self._providers, self._credentials, task).work()
                log.info("run_delivered", run_id=str(task.run_id), step=task.step)
            except NoLongerOurs:
                log.warning("run_not_ours", run_id=str(task.run_id))
            except TokenRefused as error:
                log.error("token_refused", detail=error.message)  # noqa: TRY400 - not a crash; the next look ends the agent with it
            except AppError as error:
                log.warning("run_failed", run_id=str(task.run_id), code=error.code, detail=error.message)
                await self._failed(task, error)
            except Exception:
                # The top of the task: a run must end, whatever its code did.
                log.exception("run_crashed", run_id=str(task.run_id))
                remedy = "Run it again; if it stays, report it with the agent's log."
                await self._failed(task, AgentCrashed("the agent met an error of ours", remedy=remedy))

    async def _failed(self, task: TaskOut, error: AppError) -> None:
        try:
            await self._gateway.failure(task.run_id, delivered_failure(error, task.fence, incidents()))
        except AppError as refused:
            log.warning("failure_not_told", run_id=str(task.run_id), code=refused.code)

    @asynccontextmanager
    async def _kept_alive(self, task: TaskOut) -> AsyncIterator[None]:
        """Show signs of life while the block works. Raises `NoLongerOurs` in the middle of it once the run is not ours any more."""
        try:
            async with asyncio.timeout(None) as limit:
                beat = asyncio.create_task(self._beat(task, limit), name=f"alive-{task.run_id}")
                try:
                    yield
                finally:
                    beat.cancel()
                    await asyncio.gather(beat, return_exceptions=True)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise NoLongerOurs("the run was cancelled, or is somebody else's") from error

    async def _beat(self, task: TaskOut, limit: asyncio.Timeout) -> None:
        lease = task.lease_seconds
        while True:
            await asyncio.sleep(lease / SIGNS_PER_LEASE)
            try:
                lease = await self._gateway.alive(task.run_id, task.fence)
            except NoLongerOurs:
                limit.reschedule(0)
                return
            except AppError as error:
                log.warning("sign_of_life_refused", run_id=str(task.run_id), code=error.code)

    async def _let_go(self) -> None:
        held = list(self._at_work.values())
        for _, work in held:
            work.cancel()
        await asyncio.gather(*(work for _, work in held), return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await asyncio.gather(*(self._gateway.release(task.run_id, task.fence) for task, _ in held), return_exceptions=True)
