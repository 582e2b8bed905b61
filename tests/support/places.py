"""Where the services of a test are at work: on each database, and with a broker between them."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Place:
    """A database, and the settings of the broker; without them the bus is that of one process."""

    database_url: SecretStr
    broker: dict[str, Any] = field(default_factory=dict)


DATABASES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
WITH_A_BROKER = pytest.param("rabbitmq", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])
on_each_database = pytest.mark.parametrize("place", DATABASES, indirect=True)
"""For what a broker makes no difference to."""


@pytest.fixture(params=[*DATABASES, WITH_A_BROKER])
def place(request: pytest.FixtureRequest) -> Place:
    """Give an empty place; the test runs once in each."""
    if request.param == "rabbitmq":
        broker = {"bus_url": request.getfixturevalue("rabbitmq_url"), "bus_name": request.getfixturevalue("bus_name")}
        return Place(request.getfixturevalue("postgres_url"), broker)
    return Place(request.getfixturevalue(f"{request.param}_url"))
