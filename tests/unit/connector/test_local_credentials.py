"""The agent's file of credentials: what is taken from it, and what is refused with words that lead to its mending."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from pydantic import SecretStr
from typing_extensions import override

from connector.local.credentials import LocalCredentials, LocalCredentialUnusable
from connector.local.secrets import SecretMissing, secret_at, store_secret
from connector.sources.base import Access, Input
from connector.sources.rest.manifest import MANIFEST as REST
from connector.sources.sophos.manifest import MANIFEST as SOPHOS
from tests.support.agents import write_credentials

SECRET = "canary-of-this-host"
CLIENT: dict[str, Any] = {"provider": "sophos-users", "client_id": "c1", "client_secret": SECRET}
BASIC: dict[str, Any] = {"provider": "rest-users", "kind": "basic", "username": "sync", "password": SECRET, "hosts": ["hr.example.com"]}


class InMemory(KeyringBackend):
    """A keyring that forgets."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # theirs has no annotations
        self.kept: dict[tuple[str, str], str] = {}

    @override
    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    @override
    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def in_memory() -> Iterator[InMemory]:
    """Give the tests a keyring of their own."""
    before, own = keyring.get_keyring(), InMemory()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


def opened(path: Path, fields: dict[str, Any], manifest: Any = SOPHOS, *inputs: Input) -> Access:
    """Return the access that a file with one credential gives."""
    write_credentials(path / "agent.toml", {"ours": fields})
    return LocalCredentials(path / "agent.toml").access("ours", manifest, frozenset({manifest.key}), inputs)


def refused(path: Path, fields: dict[str, Any], manifest: Any = SOPHOS, *inputs: Input) -> LocalCredentialUnusable:
    """Return the error that a file with one credential gives; it never repeats the secret."""
    with pytest.raises(LocalCredentialUnusable) as caught:
        opened(path, fields, manifest, *inputs)
    assert SECRET not in f"{caught.value.message} {caught.value.remedy} {caught.value.fields}"
    assert caught.value.remedy
    return caught.value


def test_a_secret_is_read_where_the_file_says(tmp_path: Path, in_memory: InMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring, the environment, a file, or the file itself when nobody else may read it."""
    store_secret("sophos", SecretStr(SECRET))
    assert in_memory.kept == {("rollcall-agent", "sophos"): SECRET}
    monkeypatch.setenv("SOPHOS_SECRET", SECRET)
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    for place in ({"keyring": "sophos"}, {"env": "SOPHOS_SECRET"}, {"file": str(tmp_path / "secret")}, SECRET):
        access = opened(tmp_path, {**CLIENT, "client_secret": place})
        assert access.client_secret.get_secret_value() == SECRET
        assert SECRET not in repr(access)


@pytest.mark.parametrize("place", [{"keyring": "nothing"}, {"env": "NOT_SET_ANYWHERE"}, {"file": "/nonexistent/secret"}])
def test_a_secret_that_is_not_there_is_named_with_its_field(tmp_path: Path, in_memory: InMemory, place: dict[str, str]) -> None:
    """The words must lead to the place, and say how to fill it."""
    del in_memory
    with pytest.raises(SecretMissing) as caught:
        opened(tmp_path, {**CLIENT, "client_secret": place})
    assert "ours.client_secret" in caught.value.message
    assert next(iter(place.values())) in str(caught.value.remedy)


def test_a_host_without_a_keyring_says_what_else_there_is() -> None:
    """Servers often have none."""
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # theirs has no annotations
    try:
        with pytest.raises(SecretMissing) as caught:
            secret_at({"keyring": "sophos"}, "ours.client_secret")
    finally:
        keyring.set_keyring(before)
    assert (caught.value.code, "env" in str(caught.value.remedy)) == ("no_keyring", True)


def test_plain_text_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The file would hand the tenant to everybody on the host."""
    opened(tmp_path, CLIENT)
    (tmp_path / "agent.toml").chmod(0o640)
    with pytest.raises(LocalCredentialUnusable) as caught:
        LocalCredentials(tmp_path / "agent.toml").access("ours", SOPHOS, frozenset({SOPHOS.key}), ())
    assert "chmod 600" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("kind", "why"),
    [("aws_sigv4", "cloud"), ("oauth2_authorization_code", "browser"), ("kerberos", "no such kind")],
)
def test_kinds_that_are_not_offered_here_are_refused_with_the_reason(tmp_path: Path, kind: str, why: str) -> None:
    """Somebody who tries must learn why, and what to take in its place."""
    error = refused(tmp_path, {**BASIC, "kind": kind}, REST, Input("url", "https://hr.example.com/users"))
    assert why in error.message
    assert "mutual_tls" in str(error.remedy)


def test_what_is_wrong_in_the_file_is_named(tmp_path: Path) -> None:
    """File, credential and field; nothing is guessed."""
    assert "ours.client_id" in refused(tmp_path, {"provider": "sophos-users", "client_secret": SECRET}).message
    assert "ours.colour" in refused(tmp_path, {**CLIENT, "colour": "blue"}).message
    assert "sophos-endpoints" in refused(tmp_path, {**CLIENT, "provider": "sophos-endpoints"}).message
    with pytest.raises(LocalCredentialUnusable, match="has no credential 'theirs'"):
        LocalCredentials(tmp_path / "agent.toml").access("theirs", SOPHOS, frozenset({SOPHOS.key}), ())
    with pytest.raises(LocalCredentialUnusable, match="cannot be read"):
        LocalCredentials(tmp_path / "nothing.toml").names()
    (tmp_path / "agent.toml").write_text("credentials = 1")
    with pytest.raises(LocalCredentialUnusable, match="must be tables"):
        LocalCredentials(tmp_path / "agent.toml").names()
    (tmp_path / "agent.toml").write_text("[credentials")
    with pytest.raises(LocalCredentialUnusable, match="not TOML"):
        LocalCredentials(tmp_path / "agent.toml").names()


def test_a_credential_goes_to_no_host_that_its_own_file_does_not_name(tmp_path: Path) -> None:
    """Inputs come from Rollcall: whoever may change them there must not have the credential sent to themselves."""
    url = Input("url", "https://HR.example.com/users", None)
    assert opened(tmp_path, BASIC, REST, url).kind == "basic"
    for key, address in (
        ("url", "https://evil.example.net/users"),
        ("user_url", "https://{id}.example.net/"),
        ("url", "https://hr.example.com.evil.net/"),
    ):
        error = refused(tmp_path, BASIC, REST, Input(key, address))
        assert "hosts" in error.message
    assert "hosts" in refused(tmp_path, {**BASIC, "hosts": []}, REST, url).message
