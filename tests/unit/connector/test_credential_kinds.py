"""The kinds of credentials: what is secret in each, what is refused, and how one is renewed."""

from typing import Any

import pytest
from pydantic import ValidationError

from connector.credentials.kinds import CREDENTIAL, KINDS, apart, check_whole, renewed, secret_fields
from shared.api.credentials import SecretIn
from shared.errors import Invalid
from tests.support.certificates import pair

LOGIN = {"url": "https://shop.example.com/login", "body": {"user.name": "ann"}, "secret_body": {"password": "s3cret"}}
GIVEN: dict[str, dict[str, Any]] = {
    "basic": {"username": "ann", "password": "s3cret"},
    "api_key": {"value": "s3cret"},
    "oauth2_client_credentials": {"client_id": "ann", "client_secret": "s3cret", "scopes": ["a", "b"]},
    "aws_sigv4": {"access_key_id": "AK", "secret_access_key": "s3cret", "session_token": "s3cret", "region": "eu-west-1", "service": "s3"},
    "session": LOGIN,
}


@pytest.mark.parametrize("kind", [*GIVEN, "mutual_tls"])
def test_what_is_secret_is_apart_from_what_may_be_shown(kind: str) -> None:
    """What is shown is stored in the open: a secret among it would be everywhere."""
    given = CREDENTIAL.validate_python({"name": "n", "kind": kind, **(GIVEN.get(kind) or pair())})
    check_whole(given)
    shown, hidden = apart(given)
    assert hidden
    assert "s3cret" not in repr((shown, given))
    assert {name.partition(".")[0] for name in hidden} == secret_fields(kind)
    assert all(type(value) is str for value in shown.values())


def test_every_kind_is_tested() -> None:
    """A kind that is added must say what of it is secret."""
    assert {*GIVEN, "mutual_tls"} == set(KINDS)


def test_client_credentials_are_meant_where_no_kind_is_said() -> None:
    """Callers of before there were other kinds go on."""
    assert CREDENTIAL.validate_python({"name": "n", "client_id": "c", "client_secret": "s"}).kind == "oauth2_client_credentials"


@pytest.mark.parametrize("kind", GIVEN)
def test_a_field_of_another_kind_is_refused(kind: str) -> None:
    """A password that is silently dropped is a credential that never works."""
    with pytest.raises(ValidationError):
        CREDENTIAL.validate_python({"name": "n", "kind": kind, **GIVEN[kind], "certificate": "x"})


def test_a_secret_is_never_sent_in_the_open() -> None:
    """Plain http is for hosts in a private network only, and the field is named."""
    for kind, field in (("session", "url"), ("oauth2_client_credentials", "token_url")):
        given = CREDENTIAL.validate_python({"name": "n", "kind": kind, **GIVEN[kind], field: "http://shop.example.com/login"})
        with pytest.raises(Invalid) as refused:
            check_whole(given)
        assert refused.value.fields[0]["field"] == field


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("api_key", {"key_name": "X Key"}, "key_name"),
        ("api_key", {"value": "two\r\nlines"}, "value"),
        ("api_key", {"value": "kéy"}, "value"),
        ("session", {"header_prefix": "Bearer\n"}, "header_prefix"),
    ],
)
def test_what_cannot_stand_in_a_header_is_refused_at_once(kind: str, change: dict[str, Any], field: str) -> None:
    """A pasted line end would fail every request, with words about protocols."""
    with pytest.raises(Invalid) as refused:
        check_whole(CREDENTIAL.validate_python({"name": "n", "kind": kind, **GIVEN[kind], **change}))
    assert refused.value.fields[0]["field"] == field
    check_whole(CREDENTIAL.validate_python({"name": "n", "kind": "api_key", "placement": "query", "value": "kéy"}))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"certificate": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"}, "certificate"),
        ({"private_key": "-----BEGIN no key"}, "private_key"),
        ({"key_password": "another one"}, "private_key"),
        ({"key_password": None}, "key_password"),
        ({"private_key": pair()["private_key"]}, "private_key"),
    ],
)
def test_a_certificate_and_a_key_that_do_not_fit_are_refused_at_once(change: dict[str, Any], field: str) -> None:
    """Else it shows at night, when the first run opens a connection."""
    with pytest.raises(Invalid) as refused:
        check_whole(CREDENTIAL.validate_python({"name": "n", "kind": "mutual_tls", **pair(), **change}))
    assert refused.value.fields[0]["field"] == field


def test_new_secrets_keep_the_rest() -> None:
    """Only what is given changes; nested fields and lists come back as they were."""
    for kind, secrets in (("session", {"secret_body": {"password": "new"}}), ("oauth2_client_credentials", {"client_secret": "new"})):
        before = CREDENTIAL.validate_python({"name": "n", "kind": kind, **GIVEN[kind]})
        after = renewed(kind, {"name": "n", "provider": "p"}, apart(before)[0], SecretIn.model_validate({"secrets": secrets}))
        assert apart(after)[0] == apart(before)[0]
        assert [secret.get_secret_value() for secret in apart(after)[1].values()] == ["new"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"secrets": {"password": "x"}}, "secrets.password"),
        ({"secrets": {"secret_access_key": "x"}, "fields": {"session_token": "x"}}, "fields.session_token"),
        ({"secrets": {"secret_access_key": "x"}, "fields": {"name": "x"}}, "fields.name"),
        ({"secrets": {"session_token": "x"}}, "secrets.secret_access_key"),
        ({"secrets": {"secret_access_key": "x"}, "fields": {"region": ""}}, "fields.region"),
    ],
)
def test_new_secrets_that_do_not_fit_the_kind_are_named(body: dict[str, Any], field: str) -> None:
    """The old ones stay in force until all the new ones are right."""
    shown, _ = apart(CREDENTIAL.validate_python({"name": "n", "kind": "aws_sigv4", **GIVEN["aws_sigv4"]}))
    with pytest.raises(Invalid) as refused:
        renewed("aws_sigv4", {"name": "n", "provider": "p"}, shown, SecretIn.model_validate(body))
    assert [problem["field"] for problem in refused.value.fields] == [field]
