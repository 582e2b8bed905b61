"""Work with a database that is interrupted at any moment, as it is when a service stops."""

import subprocess
import sys
from pathlib import Path


def test_whatever_is_interrupted_leaves_no_connection_open(tmp_path: Path) -> None:
    """A connection that nobody knows of keeps a file open until it happens to be collected; Python 3.13 tells of each."""
    command = [sys.executable, "-W", "always::ResourceWarning", "-m", "tests.support.interrupting", str(tmp_path / "x.db")]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
