"""Smart mapping suggests what fits the Sophos fields, says why, and never guesses the role."""

from connector.sources.sophos.manifest import MANIFEST
from mapper.mappings.suggest import suggest
from shared.api.records import SuggestionsIn


def test_the_sophos_fields_are_mapped_as_an_operator_would() -> None:
    """One source may have two targets; tracking fields come from the run."""
    given = SuggestionsIn(source_fields=MANIFEST.source_fields, input_keys=[entry.key for entry in MANIFEST.inputs])
    result = suggest(given)
    paths = {entry.target: getattr(entry.source, "path", entry.source.kind) for entry in result.suggestions}
    assert paths == {
        "username": ["email"],
        "email": ["email"],
        "full_name": ["name"],
        "first_name": ["firstName"],
        "last_name": ["lastName"],
        "source_created_at": ["createdAt"],
        "source_updated_at": ["updatedAt"],
        "source_type": ["source", "type"],
        "tenant_id": "input",
        "data_region": "input",
        "credential_name": "credential",
        "synced_at": "sync_time",
    }
    assert result.sync_keys == ["email"]
    assert all(0.85 <= entry.confidence <= 1 and entry.reason for entry in result.suggestions)
