"""All services in this process, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from all_in_one.composition import composed, migrate
from all_in_one.configuration import Configuration
from all_in_one.embedded import DataDirectory
from all_in_one.services import SERVICES
from shared.config import CommonSettings
from tests.support.api_gateway import SERVICE_KEY
from tests.support.places import Place
from tests.support.public_api import Api
from tests.support.whole import Here, launched_integration


@pytest.fixture
async def api(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[Api]:
    """Give the API before the four real services, on each database."""
    data = DataDirectory(tmp_path / "data")
    data.create()
    postgres = database_url.get_secret_value().startswith("postgresql")
    overrides = {name: {"database_url": database_url if postgres else data.database_url(name)} for name in SERVICES}
    configuration = Configuration(CommonSettings(service_key=SERVICE_KEY, data_dir=data.path), data, overrides)
    await migrate(configuration)
    async with composed(configuration) as services:
        transport = httpx.ASGITransport(services.api_gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as http:
            yield Api(http, services.api_gateway.state.bootstrap_token)


@pytest.fixture
async def here(place: Place, tmp_path: Path) -> AsyncIterator[Here]:
    """Give a launched integration before the real services and the simulator."""
    async with launched_integration(place.database_url, tmp_path, **place.broker) as given:
        yield given
