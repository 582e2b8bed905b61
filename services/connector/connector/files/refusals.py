"""What is wrong with a file, said so that whoever made it finds the place."""

from typing import Any

from shared.errors import Invalid


class FileRefused(Invalid):
    """The file cannot be taken as it is; nothing of it was kept. Its code says why."""

    title = "The file cannot be used"


def letters(column: int) -> str:
    """Return what a spreadsheet calls a column: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def refusal(code: str, message: str, remedy: str, *, row: int | None = None, column: int | None = None, **more: Any) -> FileRefused:
    """Return the error, with the place in words and as data. Rows are counted as spreadsheets do: the header is row 1."""
    place = {"row": row, "column": None if column is None else letters(column)}
    known = {name: value for name, value in place.items() if value is not None}
    where = ", ".join(f"{name} {value}" for name, value in known.items())
    words = f"{where}: {message}" if where else message
    problem = {"field": "file", "message": words, "remedy": remedy, **known}
    return FileRefused(words, code=code, remedy=remedy, fields=[problem], **known, **more)
