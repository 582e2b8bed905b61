"""The schemas of the events as they were agreed on, one file for each topic.

`python -m tests.contract.events.schemas` writes them again after a change that was meant. A reader of an older
version must still understand what is sent: add optional fields, and give a topic a new version for anything else.
"""

import sys
from pathlib import Path

import orjson

from shared.events import CONTRACTS, Event
from shared.events.base import ENVELOPE

DIRECTORY = Path(__file__).parent / "schemas"


def file_of(topic: str) -> Path:
    """Return the file that holds a topic's schema."""
    return DIRECTORY / f"{topic}.json"


def written(contract: type[Event]) -> str:
    """Return the schema of a contract's `data`, as it stands in its file; the rest of the event is CloudEvents' own."""
    schema = contract.model_json_schema()
    schema["properties"] = {name: field for name, field in schema["properties"].items() if name not in ENVELOPE}
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def refresh() -> None:
    """Write every file, and remove those of topics that are gone."""
    DIRECTORY.mkdir(exist_ok=True)
    for path in DIRECTORY.glob("*.json"):
        path.unlink()
    for topic, contract in CONTRACTS.items():
        file_of(topic).write_text(written(contract), encoding="utf-8")


if __name__ == "__main__":
    refresh()
    sys.stdout.write(f"{len(CONTRACTS)} schemas written to {DIRECTORY}\n")
