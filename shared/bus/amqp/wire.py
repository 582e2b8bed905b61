"""Messages and dead letters as AMQP knows them: a body, properties, headers.

The body is a structured CloudEvent; `message_id` is the event's id, `type` its topic. A parcel's body is a batch of CloudEvents, a
JSON array; it bears the id of its first event, and a header says where each one stands. A dead letter is the same message with
headers that say why it died, so that replaying it is taking them off again.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiormq.abc import DeliveredMessage
from pamqp import encode
from pamqp.commands import Basic

from shared.bus.attempts import GivenUp
from shared.bus.parcels import Parcel
from shared.bus.port import DeadLetter, Message
from shared.clock import now
from shared.errors import Invalid
from shared.events.cloudevents import BATCH_CONTENT_TYPE, CONTENT_TYPE

KEY = "rollcall-key"
PARTS = "rollcall-parts"
"""Of a parcel: the id and the number of bytes of each event in it."""
CODE, REASON, ATTEMPTS, DIED_AT = "rollcall-code", "rollcall-reason", "rollcall-attempts", "rollcall-died-at"
ABOUT_DEATH = {CODE, REASON, ATTEMPTS, DIED_AT}
BY_BROKER = "x-"
PERSISTENT = 2
ATTRIBUTES_END = 2048
"""A CloudEvent's attributes stand before its data: only this many bytes are searched for them."""
CORRELATION = re.compile(rb'"correlationid":"([0-9a-fA-F-]{36})"')
TRACE = re.compile(rb'"traceparent":"([0-9a-f-]{55})"')


class MalformedMessage(Invalid):
    """What arrived is not one of our messages: its AMQP properties are missing or unreadable."""

    code = "malformed_message"


def body_of(parcel: Parcel) -> bytes:
    """Return the body with which messages travel."""
    return parcel[0].body if len(parcel) == 1 else b"[" + b",".join(message.body for message in parcel) + b"]"


def properties_of(parcel: Parcel) -> Basic.Properties:
    """Return the properties with which messages travel: those of the first, and what parts them again."""
    message, is_one = parcel[0], len(parcel) == 1
    attributes = message.body[:ATTRIBUTES_END]
    correlation, trace = CORRELATION.search(attributes), TRACE.search(attributes)
    headers: dict[str, Any] = {KEY: message.key}
    if trace:
        headers["traceparent"] = trace[1].decode()
    if not is_one:
        headers[PARTS] = [f"{part.id}:{len(part.body)}" for part in parcel]
    return Basic.Properties(
        content_type=CONTENT_TYPE if is_one else BATCH_CONTENT_TYPE,
        delivery_mode=PERSISTENT,
        message_id=str(message.id),
        message_type=message.topic,
        correlation_id=correlation[1].decode() if correlation else None,
        timestamp=now(),
        headers=headers,
    )


def parcel_of(delivery: DeliveredMessage) -> Parcel:
    """Return the messages that arrived. Raises `MalformedMessage`, which names the property."""
    whole = _message_of(delivery)
    told = (delivery.header.properties.headers or {}).get(PARTS)
    return [whole] if told is None else _parted(whole, told)


def _parted(whole: Message, told: Any) -> Parcel:
    """Return the messages of a parcel's body: each stands behind a bracket or a comma."""
    parcel, start = [], 1
    try:
        for part in told:
            identity, _, size = str(part).partition(":")
            end = start + int(size)
            parcel.append(Message(UUID(identity), whole.topic, whole.key, whole.body[start:end]))
            start = end + 1
    except (TypeError, ValueError):
        parcel = []
    if not parcel or start != len(whole.body):
        raise MalformedMessage(f"{PARTS} does not fit the body", remedy="Mend its sender; discard it.")
    return parcel


def _message_of(delivery: DeliveredMessage) -> Message:
    properties = delivery.header.properties
    try:
        identity = UUID(str(properties.message_id))
    except ValueError:
        raise MalformedMessage("message_id is not a UUID", remedy="Mend its sender; discard it.") from None
    key = (properties.headers or {}).get(KEY)
    for name, value in (("type", properties.message_type), (KEY, key)):
        if not isinstance(value, str) or not value:
            raise MalformedMessage(f"{name} is missing", remedy="Mend its sender; discard it.")
    return Message(identity, str(properties.message_type), str(key), delivery.body)


def letter_of(delivery: DeliveredMessage, consumer: str) -> DeadLetter:
    """Return the dead letter that a delivery from a queue of dead letters is."""
    headers = _headers(delivery)
    if CODE in headers:
        code, reason, attempts = str(headers[CODE]), str(headers.get(REASON, "")), _number(headers.get(ATTEMPTS))
    else:
        code, attempts = "delivery_limit", _number(headers.get("x-delivery-count"))
        reason = "its consumer died or lost its connection over it, again and again"
    return DeadLetter(consumer, _as_message(delivery), code, reason, attempts, _died_at(headers))


def dead_properties(delivery: DeliveredMessage, why: GivenUp) -> Basic.Properties:
    """Return the properties of a message that goes to the dead letters as it arrived: its own, and why."""
    return _copied(delivery, {**_headers(delivery), **_died(why)})


def dead_properties_of(message: Message, why: GivenUp) -> Basic.Properties:
    """Return the properties of a message that goes to the dead letters alone, whatever it came with: its own, and why."""
    properties = properties_of([message])
    properties.headers = {**(properties.headers or {}), **_died(why)}
    return properties


def revived_properties(delivery: DeliveredMessage) -> Basic.Properties:
    """Return the properties with which a dead letter goes back before its consumer."""
    return _copied(delivery, {name: value for name, value in _headers(delivery).items() if name not in ABOUT_DEATH})


def _died(why: GivenUp) -> dict[str, Any]:
    return {CODE: why.code, REASON: why.reason, ATTEMPTS: why.attempts, DIED_AT: now().isoformat()}


def _headers(delivery: DeliveredMessage) -> dict[str, Any]:
    return dict(delivery.header.properties.headers or {})


def _copied(delivery: DeliveredMessage, headers: Mapping[str, Any]) -> Basic.Properties:
    """Copy what describes the message, and leave what steers the broker: an expiry would remove the dead letter."""
    old = delivery.header.properties
    return Basic.Properties(
        content_type=old.content_type,
        content_encoding=old.content_encoding,
        delivery_mode=PERSISTENT,
        message_id=str(old.message_id) if old.message_id else str(_as_message(delivery).id),
        message_type=old.message_type,
        correlation_id=old.correlation_id,
        timestamp=old.timestamp,
        headers={name: value for name, value in headers.items() if not name.startswith(BY_BROKER) and _travels(name, value)},
    )


def _travels(name: str, value: Any) -> bool:
    """Whether a header that somebody else set can be sent again: one that cannot must not keep its message from dying."""
    try:
        encode.field_table({name: value})
    except Exception:  # noqa: BLE001 - whatever the encoder dislikes about a stranger's header, it is left out
        return False
    return True


def _as_message(delivery: DeliveredMessage) -> Message:
    """Return the message as far as it can be read. An unreadable identity is replaced by one made of the content."""
    properties = delivery.header.properties
    try:
        identity = UUID(str(properties.message_id))
    except ValueError:
        content = f"{properties.message_id}|".encode() + delivery.body
        identity = UUID(bytes=hashlib.sha256(content).digest()[:16], version=4)
    key = _headers(delivery).get(KEY, "")
    return Message(identity, str(properties.message_type or "unknown"), str(key), delivery.body)


def _died_at(headers: Mapping[str, Any]) -> datetime:
    try:
        if DIED_AT in headers:
            return datetime.fromisoformat(str(headers[DIED_AT])).astimezone(UTC)
        moment = headers["x-death"][0]["time"]
        return moment.astimezone(UTC) if isinstance(moment, datetime) else now()
    except (KeyError, IndexError, TypeError, ValueError):
        return now()


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
