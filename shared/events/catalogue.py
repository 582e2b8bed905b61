"""The page about events, written from their contracts."""

from collections.abc import Mapping
from typing import Any

from shared.events.base import ENVELOPE, Event

HEAD = """# Events

Written from the code by `rollcall docs`; do not edit.

Services tell each other facts, as CloudEvents 1.0 in structured JSON. Events with the same key arrive in the order in
which they were recorded. Delivery is at least once; each hearer handles an event once.

| Topic | Told by | Heard by | What |
| --- | --- | --- | --- |"""


def render_events(contracts: Mapping[str, type[Event]], heard: Mapping[str, list[tuple[str, str]]]) -> str:
    """Return a page: who tells what to whom, then the fields of each event. `heard` is (topic, lane) by service."""
    told = sorted(contracts.items())
    rows = [f"| [`{topic}`](#{_anchor(topic)}) | {event.told_by} | {_hearers(topic, heard)} | {_what(event)} |" for topic, event in told]
    return "\n".join([HEAD, *rows, "", *(_section(topic, event) for topic, event in told)])


def _hearers(topic: str, heard: Mapping[str, list[tuple[str, str]]]) -> str:
    names = sorted(f"{service} ({lane})" for service, topics in heard.items() for heard_topic, lane in topics if heard_topic == topic)
    return ", ".join(names) or "nobody yet"


def _section(topic: str, event: type[Event]) -> str:
    schema = event.model_json_schema()
    parts: dict[str, Any] = schema.get("$defs", {})
    lines = [f"## {topic}", "", f"`{event.__name__}`, told by the {event.told_by}. {' '.join((event.__doc__ or '').split())}", ""]
    lines += _fields({name: field for name, field in schema["properties"].items() if name not in ENVELOPE}, schema.get("required", []))
    for name, part in sorted(parts.items()):
        if "properties" in part:
            lines += [
                f"`{name}`: {' '.join(part.get('description', '').split())}",
                "",
                *_fields(part["properties"], part.get("required", [])),
            ]
    return "\n".join(lines)


def _fields(fields: Mapping[str, Any], required: list[str]) -> list[str]:
    rows = [
        f"| `{name}` | {_cell(_kind(field))} | {'yes' if name in required else 'no'} | {_cell(field.get('description', ''))} |"
        for name, field in fields.items()
    ]
    return ["| Field | Type | Required | Meaning |", "| --- | --- | --- | --- |", *rows, ""]


def _kind(field: Mapping[str, Any]) -> str:
    """Return a JSON schema type in a few words."""
    if "$ref" in field:
        return f"`{field['$ref'].rsplit('/', 1)[-1]}`"
    for choice in ("anyOf", "oneOf"):
        if choice in field:
            return " or ".join(_kind(option) for option in field[choice])
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if field.get("type") == "array":
        inner = [_kind(item) for item in field.get("prefixItems", [])] or [_kind(field.get("items", {}))]
        return f"list of {', '.join(inner)}"
    return str(field.get("format") or field.get("type") or "any")


def _what(event: type[Event]) -> str:
    return _cell((event.__doc__ or "").strip().split("\n")[0])


def _cell(text: str) -> str:
    """Return text that does not end its table cell."""
    return " ".join(text.replace("|", r"\|").split())


def _anchor(topic: str) -> str:
    """Return the anchor that a heading of this text has on the usual hosts."""
    return topic.replace(".", "")
