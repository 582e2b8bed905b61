"""Files as people send them, and an integration that reads them."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import httpx
from openpyxl import Workbook

from tests.support.whole import Here

FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances")
LAST = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth")
HEADER = ("Employee ID", "E-Mail", "Full name", "Started")
Rows = Sequence[Sequence[Any]]


def employees(count: int, **renamed: str) -> list[list[str]]:
    """Return rows below `HEADER`; `renamed` gives some, by their number behind an `n`, another name."""
    return [
        [f"{number:03}", f"person{number}@example.com", renamed.get(f"n{number}", called(number)), "2024-01-31"]
        for number in range(1, count + 1)
    ]


def called(number: int) -> str:
    """Return the name in a row."""
    return f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]}"


def as_csv(rows: Rows, header: Sequence[str] = HEADER, *, encoding: str = "utf-8", **dialect: Any) -> bytes:
    """Return a CSV file."""
    text = io.StringIO()
    csv.writer(text, **dialect).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Rows, header: Sequence[str] = HEADER, *, other_sheets: Iterable[str] = ()) -> bytes:
    """Return a workbook."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [header, *rows]:
        sheet.append(list(row))
    for title in other_sheets:
        book.create_sheet(title)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


async def sent(here: Here, path: str, content: Any, *, name: str = "people.csv", **query: str) -> httpx.Response:
    """Send a file to an integration."""
    headers = {"Authorization": f"Bearer {here.token}"}
    params = {"name": name, **query}
    return await here.http.post(f"/api/v1{path}/files", content=content, headers=headers, params=params)


async def drafted(here: Here, **inputs: str) -> str:
    """Add an integration that reads files; return its path. Only a file and a mapping are missing."""
    integration = await here.ask("POST", "/integrations", {"provider": "file-users", "name": "People of a file"})
    path = f"/integrations/{integration['id']}"
    given = {"id_column": "Employee ID", **inputs}
    details = {
        "user_selection": "user_only",
        "integration_user": "admin",
        "inputs": {key: {"value": value} for key, value in given.items()},
    }
    await here.ask("PATCH", path, details)
    return path


def mapped(**changes: Any) -> dict[str, Any]:
    """Return a mapping of `HEADER`."""
    paths = {"email": ["E-Mail"], "username": ["E-Mail"], "full_name": ["Full name"]}
    targets: dict[str, Any] = {key: {"kind": "source", "path": path} for key, path in paths.items()}
    return {"targets": {**targets, "role": {"kind": "constant", "value": "Employee"}, **changes}, "sync_keys": ["email"]}
