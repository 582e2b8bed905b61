"""Events on the wire: CloudEvents 1.0 in structured JSON.

Source of the format: CloudEvents 1.0.2 with its JSON format, and its extensions `partitionkey` and `traceparent`.
"""

from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from shared.errors import Invalid
from shared.events.base import CONTRACTS, ENVELOPE, Event, Part

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
BATCH_CONTENT_TYPE = "application/cloudevents-batch+json; charset=utf-8"


class MalformedEvent(Invalid):
    """A message is not a CloudEvent, or breaks the contract of its topic."""

    code = "malformed_event"


def encode(event: Event) -> bytes:
    """Return `event` as one structured-mode CloudEvent."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": f"/rollcall/{event.told_by}",
        "type": event.topic,
        "time": event.occurred_at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "partitionkey": event.key,
    }
    if event.correlation_id is not None:
        attributes["correlationid"] = str(event.correlation_id)
        attributes["traceparent"] = f"00-{event.correlation_id.hex}-{event.id.hex[-16:]}-01"
    if event.causation_id is not None:
        attributes["causationid"] = str(event.causation_id)
    data = {name: value for name, value in event.__dict__.items() if name not in ENVELOPE}
    data |= {name: orjson.Fragment(written) for name, written in event.written.items()}
    try:
        return orjson.dumps({**attributes, "data": data}, default=_plain)
    except orjson.JSONEncodeError:
        # A number of more than 64 bits, above all. The contract's own writer takes it, and takes half as long again.
        attributes["data"] = orjson.Fragment(event.model_dump_json(exclude=set(ENVELOPE)).encode())
        return orjson.dumps(attributes)


def _plain(value: Any) -> Any:
    """Return what the writer knows in the place of what it does not."""
    if isinstance(value, Part):
        return value.__dict__
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def decode(body: bytes) -> Event:
    """Return the event that `body` holds. Raises `MalformedEvent`, which names what is wrong but repeats no data."""
    try:
        attributes = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedEvent("the message is not JSON", remedy="Discard it, or mend its sender.") from error
    if not isinstance(attributes, dict) or attributes.get("specversion") != "1.0":
        raise MalformedEvent("the message is not a CloudEvent 1.0", remedy="Discard it, or mend its sender.")
    contract = CONTRACTS.get(str(attributes.get("type")))
    if contract is None:
        raise MalformedEvent(f"no contract has the topic {attributes.get('type')!r}", remedy="Upgrade the service that hears it.")
    data = attributes.get("data")
    if not isinstance(data, dict):
        raise MalformedEvent(f"{contract.topic}: data is not an object", remedy="Discard it, or mend its sender.")
    try:
        return contract.model_validate(
            {
                **data,
                "id": attributes.get("id"),
                "occurred_at": attributes.get("time"),
                "correlation_id": attributes.get("correlationid"),
                "causation_id": attributes.get("causationid"),
            },
        )
    except ValidationError as error:
        places = sorted({".".join(str(step) for step in problem["loc"]) for problem in error.errors(include_input=False)})
        raise MalformedEvent(
            f"{contract.topic}: {', '.join(places[:5])} do not fit the contract",
            remedy="Replay it after the sender or the contract has been mended.",
        ) from None
