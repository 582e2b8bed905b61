"""What the gateway's tests share: a running gateway, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.api_gateway import Gateway, gateway


@pytest.fixture
async def here(database_url: SecretStr, tmp_path: Path) -> AsyncIterator[Gateway]:
    """Give a gateway whose first start was just now."""
    async with gateway(database_url, tmp_path) as made:
        yield made
