"""Starting servers as containers, through testcontainers."""

import gc
import secrets
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.server_waiting import NoServer, wait_until_it_answers

POSTGRES_IMAGE = "postgres:17"
RABBITMQ_IMAGE = "rabbitmq:4-management"


@contextmanager
def postgres(ask: Callable[[str], None]) -> Iterator[str]:
    """Give the address of a PostgreSQL container that ends with the block. Raises `NoServer`."""
    password = secrets.token_hex(16)
    environment = {"POSTGRES_USER": "rollcall", "POSTGRES_PASSWORD": password}
    with _container(POSTGRES_IMAGE, 5432, environment) as address:
        url = f"postgresql://rollcall:{password}@{address}/postgres"
        wait_until_it_answers(lambda: ask(url), seconds=90)
        yield url


@contextmanager
def rabbitmq(ask: Callable[[str], None]) -> Iterator[str]:
    """Give the address of a RabbitMQ container that ends with the block. Raises `NoServer`."""
    password = secrets.token_hex(16)
    environment = {"RABBITMQ_DEFAULT_USER": "rollcall", "RABBITMQ_DEFAULT_PASS": password}
    with _container(RABBITMQ_IMAGE, 5672, environment) as address:
        url = f"amqp://rollcall:{password}@{address}/"
        wait_until_it_answers(lambda: ask(url), seconds=90)
        yield url


@contextmanager
def _container(image: str, port: int, environment: dict[str, str]) -> Iterator[str]:
    """Give `host:port` of a started container. It is removed with the block, so no reaper is needed beside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        container = _described(image, port, environment)
        try:
            container.start()
        except Exception as error:
            raise NoServer(f"Docker cannot start {image}: {type(error).__name__}") from error
        try:
            yield f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"
        finally:
            container.stop()


def _described(image: str, port: int, environment: dict[str, str]) -> Any:
    why = _no_docker()
    # Docker's client leaves a refused socket to the collector: let it be collected here, where the warning is expected.
    gc.collect()
    if why is not None:
        raise NoServer(why)
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    testcontainers_config.ryuk_disabled = True
    described = DockerContainer(image).with_exposed_ports(port)
    for name, value in environment.items():
        described = described.with_env(name, value)
    return described


def _no_docker() -> str | None:
    """Return why no container can be started, or None."""
    try:
        from testcontainers.core.docker_client import DockerClient

        DockerClient(timeout=10).client.ping()
    except ImportError:
        return "testcontainers is not installed"
    except Exception as error:  # noqa: BLE001 - whatever stands in the way is the answer
        return f"Docker does not answer: {type(error).__name__}"
    return None
