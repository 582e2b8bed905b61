"""Nobody shows Pydantic's words but through the one place that makes them plain."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
RAW = re.compile(r"""\[["']msg["']\]""")


def test_what_pydantic_says_is_shown_through_one_place() -> None:
    """Another service that showed it raw would say "Value error" again."""
    raw = [path for part in ("shared", "services") for path in (ROOT / part).rglob("*.py") if RAW.search(path.read_text())]
    assert raw == [ROOT / "shared" / "validation.py"]
