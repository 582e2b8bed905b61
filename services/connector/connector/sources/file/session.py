"""A file, piece by piece, and the question whether somebody is in it."""

from uuid import UUID

from typing_extensions import override

from connector.files.ids import IdColumn
from connector.files.reading import Rows
from connector.sources.base import Cursor, Files, Observed, Session, SourcePage, StoredFile
from shared.clock import now
from shared.events.sources import ProofOfAbsence

NOT_THERE = 404
FIRST = 0


class FileSession(Session):
    """One file, for one run. It was looked through once: its ids tell its rows apart."""

    requests = 0

    def __init__(self, files: Files, file: StoredFile, ids: IdColumn, *, is_everybody: bool) -> None:
        self._files = files
        self._file = file
        self._ids = ids
        self._is_everybody = is_everybody

    @classmethod
    async def of(cls, files: Files, file_id: UUID, id_column: str, *, is_everybody: bool) -> "FileSession":
        """Look through a file. Raises `FileGone`, and `IdsUnusable` before anybody sees a row of it."""
        file = await files.about(file_id)
        ids = IdColumn.of(file.columns, id_column)
        for number in range(file.pieces):
            ids.see(await files.piece(file_id, number))
        ids.settle()
        for number in range(file.pieces) if ids.needs_names else ():
            ids.name(await files.piece(file_id, number))
        ids.require_unique()
        return cls(files, file, ids, is_everybody=is_everybody)

    async def page(self, cursor: Cursor | None) -> SourcePage:
        """Return one piece. The last one says that all was listed only where the file is everybody."""
        number = FIRST if cursor is None else int(cursor["piece"])
        users = self._observed(await self._files.piece(self._file.id, number))
        is_last = number + 1 >= self._file.pieces
        return SourcePage(
            users,
            [],
            now(),
            None if is_last else {"piece": number + 1},
            complete=self._is_everybody or not is_last,
            total=self._file.rows,
        )

    @override
    async def look_for(self, source_id: str, part: str = "") -> ProofOfAbsence | Observed:
        """Look for one row."""
        for number in range(self._file.pieces) if self._ids.holds(source_id) else ():
            for user in self._observed(await self._files.piece(self._file.id, number)):
                if user.source_id == source_id:
                    return user
        asked = f"LOOK {source_id} in {self._file.rows} rows of {self._file.name!r} (SHA-256 {self._file.sha256})"
        return ProofOfAbsence(source_id=source_id, asked=asked, status=NOT_THERE, asked_at=now())

    def _observed(self, rows: Rows) -> list[Observed]:
        names = self._file.columns
        width = len(names)
        # A row may be shorter than the header: what it does not have is empty.
        return [
            Observed(self._ids.id_in(row) or "", dict(zip(names, [*row[1:], *([None] * (width + 1 - len(row)))], strict=True)))
            for row in rows
        ]
