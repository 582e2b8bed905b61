"""What the connector's tests share: a world with a simulator, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.connector import World, world


@pytest.fixture
async def here(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[World]:
    """Give a world of 250 users: three pages."""
    async with world(database_url, tmp_path) as made:
        yield made
