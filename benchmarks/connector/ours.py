"""Our side: the whole connector in one process; its mapper takes every page at once and answers nothing."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx
from pydantic import SecretStr
from sqlalchemy import select

from benchmarks.connector.child import Stopwatch, Task, Took, serve
from connector.service import running
from connector.settings import ConnectorSettings
from connector.tables import RUNS, SCHEMA
from shared.bus.in_process import InProcessBus
from shared.bus.port import Consumer, Message
from shared.bus.spool import Spool
from shared.config import CommonSettings
from shared.db.engine import opened
from shared.db.migrate import upgrade
from shared.events import CONTRACTS
from shared.http.service_tokens import ServiceTokens
from shared.observability.logging import configure_logging
from tests.support.connector import ACTOR, INPUTS, SERVICE_KEY, Api, connector_settings
from tests.support.small_services import SmallEngine, SmallMapper

LOOK_EVERY = 0.5


async def read(task: Task) -> Took:
    """Return how long it took from the run's start until its last page was committed."""
    configure_logging(level="WARNING")
    await upgrade(SecretStr(task.database_url), SCHEMA)
    with TemporaryDirectory() as name:
        async with AsyncExitStack() as stack:
            bus = InProcessBus(Spool(Path(name) / "dead"))
            await stack.enter_async_context(bus.consuming([Consumer("mapper", "sink", frozenset(CONTRACTS), _take)]))
            api = await _connector(stack, task, bus, Path(name))
            integration_id = await _launched(api, task)
            watch = Stopwatch()
            run = await api.post(f"/integrations/{integration_id}/runs", expect=202)
            return watch.read(await _read_to_the_end(task, UUID(run["id"])))


async def _take(message: Message) -> None:
    del message


async def _read_to_the_end(task: Task, run_id: UUID) -> float:
    """Look at the run's row until everything is read: the API would share the processor with what is measured."""
    async with opened(SecretStr(task.database_url), SCHEMA.name) as database:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            async with database.reading() as session:
                run = (await session.execute(select(RUNS).where(RUNS.c.id == run_id))).one()
            if run.applying_since is not None and run.pages == task.pages:
                return float((run.applying_since - run.started_at).total_seconds())
            if run.ended_at is not None or run.applying_since is not None:
                raise RuntimeError(f"the run is {run.state} with {run.pages} pages: {run.error}")


async def _connector(stack: AsyncExitStack, task: Task, bus: InProcessBus, directory: Path) -> Api:
    mapper = httpx.AsyncClient(transport=SmallMapper(bus).transport(), base_url="http://mapper")
    engine = httpx.AsyncClient(transport=SmallEngine().transport(), base_url="http://workflow-engine")
    usual = {name: ConnectorSettings.model_fields[name].default for name in ("worker_poll", "outbox_poll")}
    settings = connector_settings(SecretStr(task.database_url), task.source_url, **usual)
    common = CommonSettings(service_key=SERVICE_KEY, data_dir=directory)
    app = await stack.enter_async_context(running(settings, common, bus, mapper=mapper, workflow_engine=engine))
    token = ServiceTokens(SERVICE_KEY, "api-gateway").sign("connector", ACTOR)
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://connector", headers={"Authorization": f"Bearer {token}"}, timeout=60
    )
    return Api(await stack.enter_async_context(http))


async def _launched(api: Api, task: Task) -> str:
    credential = await api.post("/credentials", {"name": "Sophos", "client_id": task.client_id, "client_secret": task.client_secret})
    await api.post("/variables", {"name": "Sophos.Tenant ID", "value": task.tenant_id})
    await api.post("/variables", {"name": "Sophos.Data Region", "value": task.source_url})
    integration = await api.post("/integrations", {"provider": "sophos-users", "name": "Users"})
    path = f"/integrations/{integration['id']}"
    details = {"user_selection": "user_plus_saas_user", "integration_user": "sync@example.com", "credential_id": credential["id"]}
    await api.ask("PATCH", path, {**details, "inputs": INPUTS})
    await api.post(f"{path}/launch")
    return str(integration["id"])


if __name__ == "__main__":
    serve(read)
