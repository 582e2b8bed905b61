"""The embedded mode's own data: where its files are, and the keys that it makes for itself at first start."""

import fcntl
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from shared.errors import AppError


class DataDirectoryUnusable(AppError):
    """The data directory cannot be written."""

    code = "data_directory_unusable"


class DataDirectoryInUse(AppError):
    """Another process works on the data directory: two relays would hand over every event twice."""

    code = "data_directory_in_use"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """A directory that only its owner may read: databases, dead letters and keys."""

    path: Path

    def create(self) -> None:
        """Make the directory, or close the one that is there to others. Raises `DataDirectoryUnusable`, which names it."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._is_ours():
                self.path.chmod(0o700)
            (self.path / "keys").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise DataDirectoryUnusable(
                f"{self.path} cannot be used: {error.strerror}", remedy="Set ROLLCALL_DATA_DIR to a directory that you may write."
            ) from error

    def _is_ours(self) -> bool:
        """Return whether nobody else has anything in the directory: one that is shared is not for us to close."""
        return self.path.stat().st_uid == os.getuid() and ((self.path / "keys").is_dir() or not any(self.path.iterdir()))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory inside the block; the lock goes with the process. Raises `DataDirectoryInUse`."""
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataDirectoryInUse(
                    f"another process works on {self.path}", remedy="Stop it, or set ROLLCALL_DATA_DIR to another directory."
                ) from None
            yield

    def database_url(self, service: str) -> SecretStr:
        """Return the URL of a service's SQLite file."""
        return SecretStr(f"sqlite:///{(self.path / f'{service}.sqlite3').absolute()}")

    @property
    def dead_letters(self) -> Path:
        """Where the in-process bus keeps what could not be handled."""
        return self.path / "dead-letters"

    def key(self, name: str) -> SecretStr:
        """Return a key of 32 random bytes in URL-safe base64, made at the first call and kept in a file of mode 0600."""
        path = self.path / "keys" / name
        try:
            return SecretStr(path.read_text(encoding="ascii").strip())
        except FileNotFoundError:
            return self._make(path)

    def _make(self, path: Path) -> SecretStr:
        key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return self.key(path.name)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        return SecretStr(key)
