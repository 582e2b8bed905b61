"""What the connector's tests share: a world with a simulator, on each database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from tests.support.connector import World, world


@pytest.fixture
async def here(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[World]:
    """Give a world of 250 users: three pages."""
    async with world(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def lines() -> Iterator[list[object]]:
    """Give every log line of ours, as data."""
    before = structlog.get_config()
    kept: list[object] = []

    def keep(_logger: object, _name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        kept.append(dict(event))
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.processors.format_exc_info, keep])
    yield kept
    structlog.configure(**before)
