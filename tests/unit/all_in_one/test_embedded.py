"""The embedded mode's directory: keys that only the owner reads, made once, and one process at a time."""

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from all_in_one.embedded import DataDirectory, DataDirectoryInUse, DataDirectoryUnusable
from shared.db.engine import opened


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """A key that changes loses every stored credential; one that others read gives them away."""
    data = DataDirectory(tmp_path / "data")
    data.create()
    key = data.key("encryption")
    assert data.key("encryption").get_secret_value() == key.get_secret_value()
    assert key.get_secret_value() not in repr(key)
    assert stat.S_IMODE((tmp_path / "data/keys/encryption").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_only_the_owner_may_read_the_databases_and_what_sqlite_keeps_beside_them(tmp_path: Path) -> None:
    """People, their accounts and what was fetched of them are in these files: another account of the machine must not read along."""
    mask = os.umask(0o022)
    try:
        data = DataDirectory(tmp_path / "data")
        data.create()
        async with opened(data.database_url("mapper"), "mapper") as database, database.writes.begin() as session:
            await session.execute(text("CREATE TABLE told (word TEXT)"))
            await session.flush()
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").glob("mapper.sqlite3*")}
    finally:
        os.umask(mask)
    assert modes == {"mapper.sqlite3": 0o600, "mapper.sqlite3-wal": 0o600, "mapper.sqlite3-shm": 0o600}


@pytest.mark.parametrize(("holds", "closed"), [("keys", True), (None, True), ("somebody-elses", False)])
def test_a_directory_that_is_ours_alone_is_closed_to_others(tmp_path: Path, holds: str | None, closed: bool) -> None:
    """An older version, or whoever made it beforehand, left it open; one that is shared stays as it is."""
    tmp_path.chmod(0o755)
    if holds is not None:
        (tmp_path / holds).mkdir()
    DataDirectory(tmp_path).create()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == (0o700 if closed else 0o755)


def test_a_second_process_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    """Two relays on one outbox would hand over every event twice."""
    data = DataDirectory(tmp_path)
    with data.held(), pytest.raises(DataDirectoryInUse) as refused, data.held():
        pass
    assert str(tmp_path) in refused.value.message
    with data.held():
        pass


def test_a_directory_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    """`make run` in a read-only place must say so."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataDirectoryUnusable) as refused:
        DataDirectory(tmp_path / "file").create()
    assert "ROLLCALL_DATA_DIR" in (refused.value.remedy or "")
