"""Parcels: messages of one topic and key that follow each other travel, and are handled, as one.

What a message costs beside its content (a confirm, a transaction, a commit) is paid once for a parcel. Parcels are made where messages
are handed over, of what is there at that moment: nothing waits for company. Only topics whose contract says `together` share one.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from shared.bus.port import Message
from shared.events.base import CONTRACTS

MOST = 12
"""Messages in a parcel: a page of a directory each, that is more than a thousand records in one transaction."""
LARGEST = 1024 * 1024
"""Bytes beyond which a parcel takes no further message."""

Parcel: TypeAlias = Sequence[Message]


def parcels(messages: Iterable[Message]) -> Iterator[Parcel]:
    """Give the messages in their order, those together that may be."""
    parcel: list[Message] = []
    size = 0
    for message in messages:
        if parcel and not (_fits(parcel[-1], message) and len(parcel) < MOST and size + len(message.body) <= LARGEST):
            yield parcel
            parcel, size = [], 0
        parcel.append(message)
        size += len(message.body)
    if parcel:
        yield parcel


def _fits(before: Message, message: Message) -> bool:
    contract = CONTRACTS.get(message.topic)
    return contract is not None and contract.together and (message.topic, message.key) == (before.topic, before.key)
