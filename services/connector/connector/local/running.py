"""An agent, put together from its settings."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from connector.local.agent import Agent
from connector.local.credentials import LocalCredentials
from connector.local.gateway import Gateway
from connector.local.secrets import keyring_secret, secret_at
from connector.local.settings import AgentSettings
from connector.providers.providers import Providers, installed_providers
from connector.rates.own import OwnRates
from connector.rates.policy import POLICIES
from connector.sources.clients import surroundings
from shared.config import BadSettings

TOKEN = "token"  # noqa: S105 - the name under which the token stands in the keyring
ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Local:
    """What an agent is made of."""

    gateway: Gateway
    providers: Providers
    credentials: LocalCredentials
    agent: Agent


@asynccontextmanager
async def local_installation(settings: AgentSettings) -> AsyncIterator[Local]:
    """Give the agent, ready to be run. Raises `BadSettings`, `SecretMissing`."""
    async with AsyncExitStack() as stack:
        around = await stack.enter_async_context(surroundings(settings, OwnRates(POLICIES[settings.rate_policy])))
        http = httpx.AsyncClient(
            base_url=settings.gateway_url,
            verify=_authorities(settings.gateway_ca_file),
            follow_redirects=False,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=settings.http_connect_seconds),
            headers={"User-Agent": "rollcall-agent"},
        )
        gateway = Gateway(await stack.enter_async_context(http), _token(settings), longest_pause=settings.longest_pause)
        providers = installed_providers(around)
        credentials = LocalCredentials(settings.credentials_file)
        yield Local(gateway, providers, credentials, Agent(gateway, providers, credentials, settings))


def _token(settings: AgentSettings) -> SecretStr:
    if settings.token is not None:
        return settings.token
    if settings.token_file is not None:
        return secret_at({"file": str(settings.token_file)}, "ROLLCALL_AGENT_TOKEN_FILE")
    if (kept := keyring_secret(TOKEN)) is not None:
        return kept
    remedy = "Set ROLLCALL_AGENT_TOKEN or ROLLCALL_AGENT_TOKEN_FILE, or store it with `rollcall agent secret token`."
    problem = {"field": "ROLLCALL_AGENT_TOKEN", "message": "is not set", "remedy": remedy}
    raise BadSettings("the agent has no token for the gateway", remedy=remedy, fields=[problem])


def _authorities(path: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except OSError:
        remedy = "Name a PEM file with the certificates of the authorities that are trusted."
        problem = {"field": "ROLLCALL_AGENT_GATEWAY_CA_FILE", "message": "holds no certificates", "remedy": remedy}
        raise BadSettings(
            f"ROLLCALL_AGENT_GATEWAY_CA_FILE: {path} holds no certificates that can be read", remedy=remedy, fields=[problem]
        ) from None
