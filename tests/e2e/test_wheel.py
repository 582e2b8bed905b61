"""The wheel, in an environment that has nothing else of ours."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_a_wheel_in_an_empty_environment_plays_the_story(tmp_path: Path) -> None:
    """Whoever installs the wheel has no clone: migrations, the simulator and every module must be inside."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (wheel,) = (tmp_path / "dist").glob("rollcall-*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    pip = [str(tmp_path / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements/runtime.txt")], check=True, capture_output=True, timeout=300)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True, capture_output=True, timeout=60)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ROLLCALL_", "PYTHON"))}
    played = subprocess.run(
        [tmp_path / "venv/bin/rollcall", "demo", "--once", "--users", "150"],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
