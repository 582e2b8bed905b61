"""The generated documents say what the code says."""

from pathlib import Path

import pytest

from all_in_one.documents import documents
from all_in_one.troubleshooting import LEFT_OUT, entries
from shared.errors import AppError

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", sorted(documents()))
def test_a_generated_document_is_not_stale(name: str) -> None:
    """Run `make events` after a change of a contract, a handler or a setting."""
    assert (DOCS / name).read_text(encoding="utf-8") == documents()[name]


def test_every_error_that_a_user_can_meet_is_explained() -> None:
    """Whoever looks a code up finds what happened and what to do; a new error class is there by itself."""
    found = entries()
    expected = {
        "sophos_wrong_secret",
        "sophos_no_partner_assistance",
        "source_unreachable",
        "value_taken",
        "address_refused",
        "run_in_progress",
    }
    assert expected <= found.keys()
    assert [code for code, entry in found.items() if not entry.causes] == []
    own_words = {code for code, entry in found.items() if not entry.remedies}
    of_steps = {"absence_not_proven", "service_token_refused", "wrong_record_type", "source_answer_refused", "kept_by_hand"}
    of_what_was_sent = {"bad_rule", "cannot_be_chosen", "integration_incomplete", "sophos_inputs_disagree", "source_settings_disagree"}
    assert own_words <= of_steps | of_what_was_sent


def test_no_error_of_a_service_is_left_out() -> None:
    """The source is read as text; what Python itself knows must be in it."""

    def below(kind: type[AppError]) -> set[type[AppError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    services = ("connector.", "mapper.", "workflow_engine.", "api_gateway.")
    codes = {kind.code for kind in below(AppError) if kind.__module__.startswith(services) and "code" in vars(kind)}
    assert codes - LEFT_OUT - entries().keys() == set()
