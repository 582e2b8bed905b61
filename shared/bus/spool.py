"""Dead letters of the in-process bus: one file each, so that they outlive the process."""

import asyncio
import os
from base64 import b64decode, b64encode
from datetime import datetime
from pathlib import Path
from uuid import UUID

import orjson

from shared.bus.port import DeadLetter, Message


class Spool:
    """A directory of dead letters: `<consumer>/<event id>.json`, written whole or not at all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def add(self, letter: DeadLetter) -> None:
        """Keep a dead letter; the same one again replaces itself."""
        await asyncio.to_thread(self._write, letter)

    async def oldest(self, consumer: str, limit: int) -> list[DeadLetter]:
        """Return the oldest dead letters of a consumer."""
        return await asyncio.to_thread(self._list, consumer, limit)

    async def read(self, consumer: str, message_id: UUID) -> DeadLetter | None:
        """Return one dead letter, or None; it stays until `remove`."""
        return await asyncio.to_thread(self._read, self._path(consumer, message_id))

    async def remove(self, consumer: str, message_id: UUID) -> bool:
        """Remove one; False when it is not there."""
        return await asyncio.to_thread(self._unlink, self._path(consumer, message_id))

    def _path(self, consumer: str, message_id: UUID) -> Path:
        return self._directory / consumer / f"{message_id}.json"

    def _write(self, letter: DeadLetter) -> None:
        path = self._path(letter.consumer, letter.message.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        message = letter.message
        content = {
            "consumer": letter.consumer,
            "id": message.id,
            "topic": message.topic,
            "key": message.key,
            "body": b64encode(message.body).decode(),
            "code": letter.code,
            "reason": letter.reason,
            "attempts": letter.attempts,
            "died_at": letter.died_at,
        }
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(orjson.dumps(content))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _sync_directory(path.parent)

    def _list(self, consumer: str, limit: int) -> list[DeadLetter]:
        letters = [letter for path in (self._directory / consumer).glob("*.json") if (letter := self._read(path)) is not None]
        return sorted(letters, key=lambda letter: letter.died_at)[:limit]

    def _read(self, path: Path) -> DeadLetter | None:
        try:
            content = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        return DeadLetter(
            consumer=content["consumer"],
            message=Message(UUID(content["id"]), content["topic"], content["key"], b64decode(content["body"])),
            code=content["code"],
            reason=content["reason"],
            attempts=content["attempts"],
            died_at=datetime.fromisoformat(content["died_at"]),
        )

    def _unlink(self, path: Path) -> bool:
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        return True


def _sync_directory(directory: Path) -> None:
    """Make the new name itself survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
