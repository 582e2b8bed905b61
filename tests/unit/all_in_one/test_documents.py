"""The generated documents say what the code says."""

from pathlib import Path

import pytest

from all_in_one.documents import documents

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", sorted(documents()))
def test_a_generated_document_is_not_stale(name: str) -> None:
    """Run `make events` after a change of a contract, a handler or a setting."""
    assert (DOCS / name).read_text(encoding="utf-8") == documents()[name]
