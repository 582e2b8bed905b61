"""A mapper on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.mapper import Mapper, running_mapper


@pytest.fixture
async def mapper(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[Mapper]:
    """Give a running mapper with a mapping and a SaaS instance."""
    async with running_mapper(database_url, tmp_path / "dead-letters") as running:
        yield await running.ready()
