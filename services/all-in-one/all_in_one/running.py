"""What the commands that stay up do: start, say where they are, wait for the signal, stop in order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from rich.console import Console

from all_in_one.composition import alone, composed, migrate
from all_in_one.configuration import Configuration, configure
from all_in_one.serving import serving, stop_signal
from shared.observability.logging import configure_logging

console = Console()


@dataclass(frozen=True, slots=True)
class Up:
    """All services, served: where the gateway is, and the first admin's token if it was made just now."""

    url: str
    admin_token: str | None


@asynccontextmanager
async def everything(configuration: Configuration) -> AsyncIterator[Up]:
    """Migrate, start all services in this process, and serve the gateway inside the block."""
    common = configuration.common
    async with AsyncExitStack() as stack:
        if common.bus_url is None:
            stack.enter_context(configuration.data.held())
        await migrate(configuration)
        services = await stack.enter_async_context(composed(configuration))
        gateway = configuration.service("api-gateway")
        url = await stack.enter_async_context(
            serving(services.api_gateway, host=common.host, port=gateway.port, shutdown_seconds=common.shutdown_seconds)
        )
        yield Up(url, services.api_gateway.state.bootstrap_token)


async def up_forever(port: int | None) -> None:
    """Start all services and wait for SIGINT or SIGTERM."""
    configuration = configure(overrides={} if port is None else {"api-gateway": {"port": port}})
    configure_logging(level=configuration.common.log_level, style=configuration.common.log_format)
    async with stop_signal() as stop, everything(configuration) as running:
        announce(running)
        await stop.wait()


def announce(running: Up) -> None:
    """Say where the gateway is; show the first admin's token, once."""
    console.print(f"Rollcall is up: [bold]{running.url}[/bold]  (API under /api/v1, health under /health/ready)", soft_wrap=True)
    if running.admin_token:
        console.print(f"Admin token, shown only now: [bold]{running.admin_token}[/bold]", soft_wrap=True, highlight=False)


async def serve_forever(name: str) -> None:
    """Start one service and wait for SIGINT or SIGTERM."""
    configuration = configure()
    common = configuration.common
    configure_logging(level=common.log_level, style=common.log_format)
    settings = configuration.service(name)
    async with (
        stop_signal() as stop,
        alone(name, configuration) as app,
        serving(app, host=common.host, port=settings.port, shutdown_seconds=common.shutdown_seconds) as url,
    ):
        if token := getattr(app.state, "bootstrap_token", None):
            announce(Up(url, token))
        await stop.wait()


async def migrate_all(names: list[str], revision: str) -> None:
    """Migrate the databases of the named services."""
    configuration = configure()
    configure_logging(level=configuration.common.log_level, style=configuration.common.log_format)
    await migrate(configuration, names, revision)
