"""A stage for each test, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.workflow_engine import Stage, staged


@pytest.fixture
async def stage(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[Stage]:
    """Give what is around the engine."""
    async with staged(database_url, tmp_path) as stage:
        yield stage
