"""The local installation, from the command line: run its agent, try it, keep its secrets."""

from pydantic import SecretStr
from rich.console import Console

from all_in_one.services import SERVICES
from all_in_one.serving import stop_signal
from connector.local.checking import Checked, checked
from connector.local.running import local_installation
from connector.local.secrets import store_secret
from connector.local.settings import AgentSettings
from shared.config import CommonSettings, load, refuse_unknown
from shared.errors import Invalid
from shared.observability.logging import configure_logging

console = Console()


async def run_until_stopped() -> None:
    """Work on runs until SIGINT or SIGTERM. Raises `BadSettings`, and `TokenRefused` and the like once the gateway says so."""
    settings = _settings()
    async with stop_signal() as stop, local_installation(settings) as local:
        console.print(f"The agent asks {settings.gateway_url} for runs every {settings.poll_seconds:g} s", soft_wrap=True)
        await local.agent.run(stop)


async def check() -> list[Checked]:
    """Try the gateway and every credential; return what came of each step."""
    async with local_installation(_settings()) as local:
        return [step async for step in checked(local)]


async def store(name: str, given: SecretStr) -> None:
    """Put a secret into this system's keyring. Raises `Invalid` for an empty one, `SecretMissing` without a keyring."""
    if not given.get_secret_value():
        raise Invalid("the secret is empty", remedy="Type it, or pipe it in.")
    store_secret(name, given)


def _settings() -> AgentSettings:
    refuse_unknown([AgentSettings, CommonSettings, *(service.settings for service in SERVICES.values())])
    settings = load(AgentSettings)
    configure_logging(level=settings.log_level, style=settings.log_format)
    return settings
