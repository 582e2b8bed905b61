"""Smart mapping suggests what fits, says how sure it is and why, and leaves to people what people decide."""

from typing import Any

import pytest

from connector.sources.sophos.devices_manifest import MANIFEST as DEVICES
from connector.sources.sophos.manifest import MANIFEST
from mapper.smart_mapping.earlier import counted
from shared.api.mapped_from import FromConstant, FromSource, MappedFrom
from shared.api.transformations import Case, Date, FirstOf, Trim
from tests.support.smart_mapping import by_target, custom, paths, steps_of, suggested

PEOPLE: list[dict[str, Any]] = [
    {"id": "a1", "name": "Amira Haddad", "email": "amira@example.com"},
    {"id": "a2", "name": "Jonas van der Berg", "email": "jonas@example.com"},
    {"id": "a3", "name": "Zoë O'Neill", "email": "zoe@example.com"},
]


def test_the_sophos_fields_are_mapped_as_an_operator_would() -> None:
    """One source may have two targets; tracking fields come from the run; the role is never guessed: it is a decision."""
    inputs = [entry.key for entry in MANIFEST.inputs]
    result = suggested(source_fields=MANIFEST.source_fields, input_keys=inputs, application=MANIFEST.application)
    assert {entry.target: getattr(entry.source, "path", entry.source.kind) for entry in result.suggestions} == {
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
    assert all(entry.certainty == "sure" and entry.reason for entry in result.suggestions)


def test_the_devices_of_sophos_give_the_person_they_are_assigned_to() -> None:
    """A device's id, name and dates are the device's: a person called DESKTOP-7 helps nobody."""
    result = suggested(source_fields=DEVICES.source_fields, describes="device", application=DEVICES.application)
    assert paths(result) == {
        "username": "associatedPerson.viaLogin",
        "full_name": "associatedPerson.name",
        "first_name": "associatedPerson.name",
        "last_name": "associatedPerson.name",
    }
    assert by_target(result)["last_name"].certainty == "guess"


def test_a_device_s_records_make_no_saas_users() -> None:
    """Who was given a laptop need not have an account where laptops are listed."""
    assert not suggested(source_fields=DEVICES.source_fields, describes="device", object_type="saas_user").suggestions


def test_a_choice_is_never_overridden() -> None:
    """What somebody mapped stays as it is, even if another path fits better."""
    mapped: dict[str, MappedFrom] = {"email": FromSource(path=["proxy"]), "full_name": FromConstant(value="Somebody")}
    result = suggested(PEOPLE, mapped=mapped)
    assert result.already_mapped == ["email", "full_name"]
    assert {"email", "full_name"}.isdisjoint(paths(result))


@pytest.mark.parametrize(
    "name",
    [
        "managerEmail",
        "manager_email",
        "created_by_email",
        "createdByEmail",
        "billing_email",
        "recovery_email",
        "secondaryEmail",
        "personal email",
        "groupEmail",
        "E-Mail des Vorgesetzten",
        "email_verified",
        "email_count",
    ],
)
def test_somebody_else_s_address_is_not_the_person_s(name: str) -> None:
    """Mapped by mistake, it would make one person of everybody with the same manager."""
    records = [{"id": number, name: f"x{number}@example.com", "other": f"text {number}"} for number in range(5)]
    assert "email" not in paths(suggested(records))


@pytest.mark.parametrize(
    "parent", ["manager", "created_by", "createdBy", "lastModifiedBy", "billing", "group", "owner", "company", "supervisor", "facturation"]
)
def test_a_name_within_somebody_else_is_somebody_else_s(parent: str) -> None:
    """`manager.email` ends like `email` does, and is another person's."""
    records = [
        {parent: {"email": f"x{number}@example.com", "displayName": f"Ada Lovelace {'I' * number}", "id": number}} for number in range(1, 6)
    ]
    assert not paths(suggested(records, custom("Sophos User Id", unique=True), application="Sophos"))


def test_a_group_s_name_is_nobody_s_name() -> None:
    """Values agree, the surroundings do not."""
    records = [{"group": {"name": "Night Shift"}, "group_name": "Night Shift", "teamName": "Blue Team"} for _ in range(5)]
    assert "full_name" not in paths(suggested(records))


@pytest.mark.parametrize(
    "name", ["password", "passwordHash", "api_token", "secret", "clientSecret", "session_token", "Passwort", "mot_de_passe", "api_key"]
)
def test_what_looks_like_a_secret_is_never_suggested(name: str) -> None:
    """Not even for a field of that very name, nor because somebody mapped it before: records are read by many."""
    earlier = counted([{"note": FromSource(path=[name])}])
    records = [{name: f"value {number}"} for number in range(5)]
    assert not paths(suggested(records, custom(name.replace("_", " ")), custom("Note"), earlier=earlier))


def test_a_secret_under_an_innocent_name_is_never_suggested() -> None:
    """Hashes and tokens are known by their form as well."""
    records = [{"login": "$2b$12$abcdefghijklmnopqrstuv"}, {"login": "eyJhbGciOiJIUzI1NiJ9.e30.x"}]
    assert not paths(suggested(records))


def test_yes_and_no_are_never_suggested() -> None:
    """A switch is no text: `email: true` says that there is one."""
    records = [{"email": True, "username": "yes", "name": False}, {"email": False, "username": "no", "name": True}]
    assert not paths(suggested(records))


def test_an_object_is_no_value() -> None:
    """`manager` that is a whole person in one record and nothing in the next would be rejected with every record."""
    records = [{"manager": {"key": number} if number else None, "email": f"a{number}@example.com"} for number in range(5)]
    assert "manager" not in paths(suggested(records, custom("Manager")))


def test_the_name_of_a_user_is_no_user_name() -> None:
    """`user.name` may be either; values tell."""
    named = [{"user": {"name": f"Ada Lovelace {'I' * number}", "email": f"a{number}@example.com"}} for number in range(1, 6)]
    assert paths(suggested(named, describes="device"))["full_name"] == "user.name"
    called = [{"user": {"name": f"ada{number}", "email": f"a{number}@example.com"}} for number in range(1, 6)]
    assert paths(suggested(called, describes="device"))["username"] == "user.name"


def test_a_login_that_no_list_knows_is_found_by_the_addresses() -> None:
    """What stands before the @ is most often what people sign in with."""
    records = [{"Kürzel": f"ada{number}", "E-Mail": f"Ada{number}@example.com"} for number in range(5)]
    found = by_target(suggested(records))["username"]
    assert (getattr(found.source, "path", None), found.certainty) == (["Kürzel"], "likely")


def test_two_sources_that_differ_are_both_left_open() -> None:
    """Where nothing tells two apart, a person has to: neither is sure, and the other one is named."""
    records = [{"email": f"a{number}@example.com", "mail": f"b{number}@example.com"} for number in range(5)]
    found = by_target(suggested(records))["email"]
    assert found.certainty == "likely"
    assert [reason.kind for reason in found.reasons][-1] == "another_as_good"
    (other,) = found.alternatives
    assert getattr(other.source, "path", None) == ["mail"]
    assert other.certainty != "sure"


def test_two_sources_that_say_the_same_do_not_unsettle_each_other() -> None:
    """Many APIs say an address twice."""
    records = [{"email": f"a{number}@example.com", "profile": {"email": f"A{number}@example.com"}} for number in range(5)]
    found = by_target(suggested(records))["email"]
    assert found.certainty == "sure"
    assert all(other.certainty != "sure" for other in found.alternatives)


def test_values_of_another_kind_outweigh_the_name() -> None:
    """A column called Email may hold anything."""
    records = [{"email": f"room {number}", "username": "two words", "created_at": "soon"} for number in range(5)]
    assert not paths(suggested(records))


def test_a_name_that_holds_both_others_is_the_full_one() -> None:
    """Then even `name` is sure; a handle of that name is not a person's name."""
    people = [{"name": f"{first} Haddad", "first_name": first, "last_name": "Haddad"} for first in ("Amira", "Samir", "Nadia")]
    assert by_target(suggested(people))["full_name"].certainty == "sure"
    handles = [{**person, "name": f"h{number}"} for number, person in enumerate(people)]
    assert "full_name" not in paths(suggested(handles))


def test_dates_that_must_be_read_first_are_not_sure() -> None:
    """As they stand, every record would be rejected."""
    records = [{"created_at": 1_700_000_000 + number, "updated_at": "03.04.2026"} for number in range(5)]
    found = by_target(suggested(records))
    created, updated = found["source_created_at"], found["source_updated_at"]
    assert (created.certainty, updated.certainty) == ("likely", "likely")
    assert [steps_of(one) for one in (created, updated)] == [[Date(formats=["unix"])], [Date(formats=["%d.%m.%Y"])]]
    assert all(step.needed for step in (*created.transformations, *updated.transformations))


def test_an_address_that_is_empty_at_times_is_not_sure_and_names_what_fills_it() -> None:
    """Every person needs one: those records would be rejected."""
    records = [{"email": None if number == 2 else f"a{number}@example.com", "mail": f"a{number}@example.com"} for number in range(5)]
    email = by_target(suggested(records))["email"]
    assert (getattr(email.source, "path", None), email.certainty) == (["email"], "likely")
    assert steps_of(email) == [FirstOf(paths=[["mail"]])]
    assert [step.needed for step in email.transformations] == [False]


def test_capitals_and_blanks_are_said_and_change_nothing_by_themselves() -> None:
    """Addresses with capitals find the same person; whoever likes them tidy is told how."""
    records = [{"email": f"Ada.{number}@Example.com", "full_name": f" Ada Lovelace {'I' * number} "} for number in range(1, 5)]
    found = by_target(suggested(records))
    assert steps_of(found["email"]) == [Case(to="lower")]
    assert steps_of(found["full_name"]) == [Trim()]
    assert not any(step.needed for one in found.values() for step in one.transformations if one.target == "full_name")


@pytest.mark.parametrize(
    ("first", "last", "email", "language"),
    [
        ("Vorname", "Nachname", "E-Mail-Adresse", "de"),
        ("Prénom", "Nom de famille", "Adresse e-mail", "fr"),
        ("Nombre de pila", "Apellidos", "Correo electrónico", "es"),
        ("Nome", "Cognome", "Posta elettronica", "it"),
        ("Voornaam", "Achternaam", "E-mailadres", "nl"),
        ("Imię", "Nazwisko", "Adres e-mail", "pl"),
        ("Förnamn", "Efternamn", "E-postadress", "sv"),
        ("名", "姓", "メールアドレス", "ja"),
    ],
)
def test_names_are_known_in_several_languages(first: str, last: str, email: str, language: str) -> None:
    """Exports speak the language of whoever made them; the reason says which one was understood."""
    records = [
        {first: one, last: other, email: f"a{number}@example.com"}
        for number, (one, other) in enumerate([("Ada", "Li"), ("Bo", "Ek"), ("Cy", "Oz")])
    ]
    result = suggested(records)
    assert {key: path for key, path in paths(result).items() if key in {"first_name", "last_name", "email"}} == {
        "first_name": first,
        "last_name": last,
        "email": email,
    }
    assert any(reason.details.get("language") == language for one in result.suggestions for reason in one.reasons)


def test_a_misspelt_name_is_likely_at_most() -> None:
    """`Email adress` is probably one; somebody should look."""
    records = [{"Email Adress": f"a{number}@example.com", "Frist name": "Ada"} for number in range(5)]
    found = by_target(suggested(records))
    assert found["email"].certainty == "likely"
    assert found["email"].reasons[0].kind == "similar_name"


def test_a_field_that_somebody_added_is_found_by_what_it_means() -> None:
    """*Sophos User Id* is the id of the source: the application's name is no part of the meaning."""
    result = suggested(PEOPLE, custom("Sophos User Id", unique=True), custom("Shoe size"), application="Sophos Endpoint Security")
    assert paths(result)["sophos_user_id"] == "id"
    assert "shoe_size" not in paths(result)
    shod = [{**person, "shoe_size": 40 + number} for number, person in enumerate(PEOPLE)]
    assert paths(suggested(shod, custom("Shoe size")))["shoe_size"] == "shoe_size"


def test_no_value_of_a_sample_is_in_an_answer() -> None:
    """Suggestions are logged and shown where raw records must not be."""
    records = [{"email": f"needle{number}@example.com", "name": "Needle Nadel", "created": 1_700_000_000} for number in range(5)]
    assert "needle" not in suggested(records).model_dump_json().lower()


def test_the_same_question_has_the_same_answer() -> None:
    """Whatever the order of keys and records: people compare what they see."""
    turned = [dict(reversed(list(person.items()))) for person in reversed(PEOPLE)]
    assert suggested(PEOPLE).suggestions == suggested(turned).suggestions
