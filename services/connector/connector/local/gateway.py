"""The gateway, as an agent speaks to it: patient while it does not answer, and clear about what is no longer the agent's."""

import ssl
from typing import Any, TypeVar
from uuid import UUID

import httpx
import stamina
from pydantic import BaseModel, SecretStr

from shared.api.agents import (
    AgentSelfOut,
    AnswersIn,
    ClaimIn,
    ClaimOut,
    FailureIn,
    HeldIn,
    HeldOut,
    PagesIn,
    QuestionsOut,
    TaskOut,
)
from shared.errors import AppError, Forbidden, Unauthenticated, Upstream, UpstreamRefused
from shared.http.client import ProblemClient

T = TypeVar("T")
OVER = frozenset({"lease_lost", "run_moved_on", "run_not_found"})
"""What the gateway says of a run that is no longer the agent's."""
OUT_OF_STEP = "out_of_step"
GIVE_A_TOKEN = "Have an admin make a token for an account with the role agent, and give it to this agent."  # noqa: S105 - a sentence
NAME_AUTHORITIES = "Check the gateway's host name; name who signed its certificate in ROLLCALL_AGENT_GATEWAY_CA_FILE."


class NoLongerOurs(AppError):
    """A run was cancelled, has ended, or is somebody else's: what was done for it is dropped."""

    code = "run_not_ours"


class OutOfStep(AppError):
    """Pages were stored already, or never arrived: reading goes on at `cursor`."""

    code = OUT_OF_STEP

    def __init__(self, cursor: dict[str, Any] | None) -> None:
        super().__init__("the gateway goes on elsewhere")
        self.cursor = cursor


class TokenRefused(UpstreamRefused):
    """The gateway does not take the agent's token: nothing can be done until somebody gives it another one."""

    code, title = "agent_token_refused", "The gateway does not accept the agent"


class CertificateRefused(UpstreamRefused):
    """Whoever answers at the gateway's address does not prove to be it."""

    code, title = "gateway_certificate_refused", "The gateway's certificate is not trusted"


class Gateway(ProblemClient):
    """The routes of agents. While the gateway does not answer, a call waits and tries again, for as long as it takes."""

    audience = "gateway"

    def __init__(self, http: httpx.AsyncClient, token: SecretStr, *, longest_pause: float) -> None:
        super().__init__(http)
        self._token = token
        self._longest_pause = longest_pause

    async def own(self) -> AgentSelfOut:
        """Return what the agent is there for. Does not try again."""
        return self.understood(AgentSelfOut, await self._once("GET", "/api/v1/agent", None))

    async def claim(self, given: ClaimIn) -> TaskOut | None:
        """Return a run that is now the agent's, or None. Does not try again: the next look comes by itself."""
        return self.understood(ClaimOut, await self._once("POST", "/api/v1/agent/claims", given)).task

    async def pages(self, run_id: UUID, given: PagesIn) -> None:
        """Deliver pages. Raises `NoLongerOurs`, `OutOfStep`."""
        await self._patiently(f"/api/v1/agent/runs/{run_id}/pages", given)

    async def answers(self, run_id: UUID, given: AnswersIn) -> list[str]:
        """Deliver answers; return the next questions. Raises `NoLongerOurs`."""
        answer = await self._patiently(f"/api/v1/agent/runs/{run_id}/answers", given)
        return self.understood(QuestionsOut, answer).questions

    async def alive(self, run_id: UUID, fence: int) -> float:
        """Renew the lease; return its seconds. Raises `NoLongerOurs`."""
        answer = await self._patiently(f"/api/v1/agent/runs/{run_id}/alive", HeldIn(fence=fence))
        return self.understood(HeldOut, answer).lease_seconds

    async def release(self, run_id: UUID, fence: int) -> None:
        """Give a run back. Does not try again: its lease runs out by itself."""
        await self._once("POST", f"/api/v1/agent/runs/{run_id}/release", HeldIn(fence=fence))

    async def failure(self, run_id: UUID, given: FailureIn) -> None:
        """Say why a run cannot be done. Raises `NoLongerOurs`."""
        await self._patiently(f"/api/v1/agent/runs/{run_id}/failure", given)

    async def _patiently(self, path: str, body: BaseModel) -> Any:
        async for attempt in stamina.retry_context(
            on=_may_pass, attempts=None, timeout=None, wait_initial=0.2, wait_max=self._longest_pause, wait_jitter=0.5
        ):
            with attempt:
                return await self._once("POST", path, body)
        raise AssertionError("a retry without an end has ended")

    async def _once(self, method: str, path: str, body: BaseModel | None) -> Any:
        try:
            return await self.send(method, path, bearer=self._token.get_secret_value(), body=body)
        except (Unauthenticated, Forbidden) as error:
            raise TokenRefused(f"the gateway: {error.message}", remedy=GIVE_A_TOKEN) from error
        except AppError as error:
            if _certificate_refused(error):
                raise CertificateRefused("the gateway's certificate is not trusted here", remedy=NAME_AUTHORITIES) from error
            if error.code == OUT_OF_STEP:
                raise OutOfStep(error.details.get("cursor")) from error
            if error.code in OVER:
                raise NoLongerOurs(error.message) from error
            raise


def _may_pass(error: Exception) -> bool:
    return isinstance(error, Upstream) and error.retryable


def _certificate_refused(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
