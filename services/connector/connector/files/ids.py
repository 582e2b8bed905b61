"""The column that holds a record's own id: in every row, and in no two the same. Eight bytes for each row are kept. Pure."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from connector.names import name_key
from shared.errors import Invalid

LONGEST_ID = 200
BUCKETS = 256
NAMED = 10
"""Rows that an error names."""
COLUMNS_NAMED = 30


class IdsUnusable(Invalid):
    """The ids of a file do not tell its rows apart. Its code says why."""

    title = "The file's ids cannot be used"


class IdColumn:
    """The ids of one file. See all rows, `settle`, show them once more to be named where `needs_names`, then `require_unique`."""

    def __init__(self, place: int, name: str) -> None:
        self._place = place
        self._name = name
        self._hashes = [array("Q") for _ in range(BUCKETS)]
        self._doubled: frozenset[int] = frozenset()
        self._without: list[int] = []
        self._without_count = 0
        self._rows_of: dict[str, list[int]] = {}

    @classmethod
    def of(cls, columns: Sequence[str], named: str) -> "IdColumn":
        """Return the column with a name, whatever its case. Raises `IdsUnusable`, naming the columns there are."""
        wanted = name_key(named)
        for place, name in enumerate(columns):
            if name_key(name) == wanted:
                return cls(place, name)
        shown = ", ".join(map(repr, columns[:COLUMNS_NAMED])) + (", …" if len(columns) > COLUMNS_NAMED else "")
        raise _unusable("file_column_unknown", f"the file has no column {named[:200]!r}", f"Set the input id_column to one of: {shown}.")

    def id_in(self, row: Sequence[Any]) -> str | None:
        """Return the id that a row has; None when it has none that can be used."""
        value = row[self._place + 1] if len(row) > self._place + 1 else None
        if isinstance(value, bool | float) or value is None:
            return None
        text = str(value).strip()
        return text if 0 < len(text) <= LONGEST_ID else None

    def see(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take in the ids of some rows."""
        for row in rows:
            known = self.id_in(row)
            if known is not None:
                hashed = _hash(known)
                self._hashes[hashed % BUCKETS].append(hashed)
                continue
            self._without_count += 1
            if len(self._without) < NAMED:
                self._without.append(row[0])

    def settle(self) -> None:
        """Say that all rows were seen."""
        self._hashes = [array("Q", sorted(bucket)) for bucket in self._hashes]
        self._doubled = frozenset(one for bucket in self._hashes for one, other in pairwise(bucket) if one == other)

    @property
    def needs_names(self) -> bool:
        """Whether some ids may be those of several rows: only the rows themselves say whether they are, and which."""
        return bool(self._doubled)

    def name(self, rows: Sequence[Sequence[Any]]) -> None:
        """Look for rows that share an id."""
        for row in rows:
            known = self.id_in(row)
            if known is not None and _hash(known) in self._doubled:
                numbers = self._rows_of.setdefault(known, [])
                if len(numbers) < NAMED:
                    numbers.append(row[0])

    def require_unique(self) -> None:
        """Raise `IdsUnusable`, naming rows, when an id is missing or comes twice."""
        if self._without_count:
            rows = ", ".join(map(str, self._without))
            message = f"{self._without_count:,} rows have no usable id in the column {self._name!r}, such as row {rows}"
            remedy = (
                f"Give each row an id: a text or a whole number of at most {LONGEST_ID} characters. Or choose another column as id_column."
            )
            raise _unusable("file_ids_missing", message, remedy, rows=self._without)
        several = {known: numbers for known, numbers in self._rows_of.items() if len(numbers) > 1}
        if several:
            # Which id that is stays in the file: an error of a run is logged, and ids may be people's addresses.
            rows = " and ".join(map(str, next(iter(several.values()))))
            shown = [number for numbers in list(several.values())[:NAMED] for number in numbers]
            raise _unusable(
                "file_ids_doubled",
                f"{len(several):,} ids of the column {self._name!r} stand in several rows, such as that of the rows {rows}",
                "Leave one row for each id, or choose another column as id_column.",
                rows=shown,
            )

    def holds(self, source_id: str) -> bool:
        """Return whether a row may have this id; a no is certain. Only once it was settled."""
        hashed = _hash(source_id)
        bucket = self._hashes[hashed % BUCKETS]
        place = bisect_left(bucket, hashed)
        return place < len(bucket) and bucket[place] == hashed


def _hash(source_id: str) -> int:
    return int.from_bytes(blake2b(source_id.encode(errors="surrogatepass"), digest_size=8).digest(), "big")


def _unusable(code: str, message: str, remedy: str, **details: Any) -> IdsUnusable:
    problem = {"field": "inputs.id_column", "message": message, "remedy": remedy, **details}
    return IdsUnusable(message, code=code, remedy=remedy, fields=[problem])
