"""Sync keys are suggested with what the samples say of them: never empty, never shared."""

from shared.api.mapped_from import FromConstant, FromSource, MappedFrom
from tests.support.smart_mapping import custom, suggested


def test_a_key_that_is_never_empty_and_never_shared_is_sure_with_samples_enough() -> None:
    """Five records prove little, twenty say something."""
    records = [{"email": f"a{number}@example.com"} for number in range(25)]
    (key,) = suggested(records).sync_key_evidence
    assert (key.target, key.certainty, key.samples, key.empty, key.duplicates) == ("email", "sure", 25, 0, 0)
    (key,) = suggested(records[:5]).sync_key_evidence
    assert key.certainty == "likely"


def test_a_shared_value_makes_a_bad_key() -> None:
    """Everybody at info@ would be one person. Case does not tell two apart."""
    records = [{"email": "info@example.com" if number < 2 else f"a{number}@example.com", "login": f"user{number}"} for number in range(25)]
    records[1]["email"] = "INFO@example.com"
    result = suggested(records)
    evidence = {key.target: key for key in result.sync_key_evidence}
    assert result.sync_keys == ["username"]
    assert (evidence["email"].certainty, evidence["email"].duplicates) == ("guess", 2)


def test_an_empty_value_counts_against_a_key() -> None:
    """A record with no key is found by nothing, and created again and again."""
    records = [{"email": None if number % 5 == 0 else f"a{number}@example.com", "login": f"user{number}"} for number in range(25)]
    result = suggested(records)
    assert result.sync_keys == ["username"]
    assert {key.target: key.empty for key in result.sync_key_evidence} == {"username": 0, "email": 5}


def test_two_targets_with_one_source_are_one_key() -> None:
    """The second would find nobody whom the first does not find."""
    records = [{"email": f"a{number}@example.com"} for number in range(25)]
    assert [key.target for key in suggested(records).sync_key_evidence] == ["email"]


def test_what_somebody_mapped_is_weighed_as_well() -> None:
    """A choice of source is no choice of key yet. A constant finds nobody."""
    records = [{"x": f"u{number}", "y": f"a{number}@example.com"} for number in range(25)]
    badge, desk = custom("Badge", unique=True), custom("Desk", unique=True)
    mapped: dict[str, MappedFrom] = {"badge": FromSource(path=["x"]), "desk": FromConstant(value="d")}
    keys = suggested(records, badge, desk, mapped=mapped).sync_key_evidence
    assert [key.target for key in keys if key.target in {"badge", "desk"}] == ["badge"]


def test_nothing_is_a_key_where_nothing_is_unique() -> None:
    """Better none than a wrong one."""
    assert suggested([{"name": "Ada Lovelace"}] * 5).sync_keys == []
