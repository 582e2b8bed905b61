"""A program for crash tests: one workflow engine with one worker, which works until somebody kills it."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from pydantic import SecretStr

from shared.bus.in_process import InProcessBus
from shared.bus.spool import Spool
from shared.config import CommonSettings
from workflow_engine.service import running
from workflow_engine.settings import WorkflowEngineSettings


async def main() -> None:
    """Work, with what the environment names."""
    settings = WorkflowEngineSettings(database_url=SecretStr(os.environ["TEST_DATABASE_URL"]), workers=1, worker_poll=0.05, lease_seconds=2)
    common = CommonSettings(service_key=SecretStr(os.environ["TEST_SERVICE_KEY"]))
    bus = InProcessBus(Spool(Path(os.environ["TEST_SPOOL"])))
    async with AsyncExitStack() as stack:
        connector = await stack.enter_async_context(httpx.AsyncClient(base_url=os.environ["TEST_CONNECTOR_URL"]))
        mapper = await stack.enter_async_context(httpx.AsyncClient(base_url=os.environ["TEST_MAPPER_URL"]))
        await stack.enter_async_context(running(settings, common, bus, connector=connector, mapper=mapper))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
