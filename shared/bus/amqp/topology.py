"""Names, queues and bindings on the broker, the same whoever declares them first.

- One topic exchange; the routing key is `<topic>.<partition>`.
- An ordered consumer has one quorum queue per partition with a single active consumer: replicas stand by.
- Any other consumer has one quorum queue that its replicas share.
- Each consumer has one queue of dead letters, behind a direct exchange.

A message that comes back unhandled `DELIVERY_LIMIT` times (its consumer dies over it, again and again) is moved to the dead
letters by the broker itself, at least once: it leaves its queue only after it has arrived there.
"""

from dataclasses import dataclass
from typing import Any

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel

from shared.bus.port import PARTITIONS, Consumer, Message

DELIVERY_LIMIT = 20
"""How often a message may come back without an answer. Failing handlers do not count: they are tried in place."""
UNLIMITED = 2_000_000_000
"""RabbitMQ 4 drops a message that was looked at 20 times unless told otherwise, and 3.10 knows no word for 'never'."""
CONSUMER_TIMEOUT_MS = 12 * 3600 * 1000
"""How long a message may be in work before the broker takes it away. It must outlast a database that is away: retries wait in place."""


@dataclass(frozen=True, slots=True)
class Topology:
    """The names of everything that one bus has on the broker."""

    name: str

    @property
    def exchange(self) -> str:
        """Where messages are published."""
        return self.name

    @property
    def dead_exchange(self) -> str:
        """Where dead letters are published; the routing key is the consumer's id."""
        return f"{self.name}.dead"

    def routing_key(self, message: Message) -> str:
        """Return what brings a message into its partition."""
        return f"{message.topic}.{message.partition}"

    def queues(self, consumer: Consumer) -> list[str]:
        """Return the consumer's queues, by partition when it is ordered."""
        own = f"{self.name}.{consumer.id}"
        return [f"{own}.{partition}" for partition in range(PARTITIONS)] if consumer.ordered else [own]

    def dead_queue(self, consumer_id: str) -> str:
        """Return the queue that holds a consumer's dead letters."""
        return f"{self.name}.{consumer_id}.dead"

    async def declare_exchanges(self, channel: AbstractChannel) -> None:
        """Make the two exchanges."""
        await channel.declare_exchange(self.exchange, ExchangeType.TOPIC, durable=True)
        await channel.declare_exchange(self.dead_exchange, ExchangeType.DIRECT, durable=True)

    async def declare(self, channel: AbstractChannel, consumer: Consumer) -> None:
        """Make the consumer's queues and bind them, the dead letters first: nothing may fall beside them."""
        dead = await channel.declare_queue(self.dead_queue(consumer.id), durable=True, arguments=_dead_arguments())
        await dead.bind(self.dead_exchange, consumer.id)
        for partition, name in enumerate(self.queues(consumer)):
            queue = await channel.declare_queue(name, durable=True, arguments=self._arguments(consumer))
            for topic in sorted(consumer.topics):
                await queue.bind(self.exchange, f"{topic}.{partition}" if consumer.ordered else f"{topic}.*")

    def _arguments(self, consumer: Consumer) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": self.dead_exchange,
            "x-dead-letter-routing-key": consumer.id,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-consumer-timeout": CONSUMER_TIMEOUT_MS,
        }
        return {**arguments, "x-single-active-consumer": True} if consumer.ordered else arguments


def _dead_arguments() -> dict[str, Any]:
    return {"x-queue-type": "quorum", "x-delivery-limit": UNLIMITED}
