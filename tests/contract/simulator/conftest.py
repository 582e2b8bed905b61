"""One simulator for all conformance tests, over real HTTP; each test has a tenant of its own."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future

import httpx
import pytest
from pydantic import SecretStr

from sophos_central_simulator.server import serving
from sophos_central_simulator.settings import SimulatorSettings
from tests.contract.simulator.visitor import CONTROL_TOKEN, Visitor, visiting


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Give the address of a simulator that runs in a thread: starting one for each test would take longer than the tests."""
    url: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with serving(SimulatorSettings(port=0, control_token=SecretStr(CONTROL_TOKEN))) as running:
            url.set_result(running.url)
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="simulator")
    thread.start()
    try:
        yield url.result(timeout=10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
async def http(simulator_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Give an HTTP client on the simulator."""
    # An empty TLS context: reading the machine's certificates takes longer than most of the tests.
    async with httpx.AsyncClient(base_url=simulator_url, timeout=10, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
        yield client


@pytest.fixture
async def visitor(http: httpx.AsyncClient) -> Visitor:
    """Give a visitor of a tenant with 120 clean people."""
    return await visiting(http)
