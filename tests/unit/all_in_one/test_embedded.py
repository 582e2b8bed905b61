"""The embedded mode's directory: keys that only the owner reads, made once, and one process at a time."""

import stat
from pathlib import Path

import pytest

from all_in_one.embedded import DataDirectory, DataDirectoryInUse, DataDirectoryUnusable


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """A key that changes loses every stored credential; one that others read gives them away."""
    data = DataDirectory(tmp_path / "data")
    data.create()
    key = data.key("encryption")
    assert data.key("encryption").get_secret_value() == key.get_secret_value()
    assert key.get_secret_value() not in repr(key)
    assert stat.S_IMODE((tmp_path / "data/keys/encryption").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


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
