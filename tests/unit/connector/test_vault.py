"""The vault: only the right key opens a secret, and only for the credential it belongs to."""

from base64 import b64encode, urlsafe_b64encode

import pytest
from pydantic import SecretStr

from connector.secrets.vault import Sealed, SecretUnreadable, Vault
from shared.ids import new_id
from tests.support.connector import ENCRYPTION_KEY

SECRETS = {"password": SecretStr("s3cret-söphos")}


def test_what_was_sealed_can_be_opened_and_never_looks_the_same_twice() -> None:
    """Equal secrets must not be recognisable in the database."""
    vault, about = Vault(ENCRYPTION_KEY), new_id()
    first, second = vault.seal(SECRETS, about=about), vault.seal(SECRETS, about=about)

    assert first.ciphertext != second.ciphertext
    assert b"s3cret" not in first.ciphertext
    assert vault.open(first, about=about) == SECRETS


def test_a_ciphertext_moved_to_another_credential_does_not_open() -> None:
    """Whoever can write the database must not be able to swap secrets."""
    vault = Vault(ENCRYPTION_KEY)
    with pytest.raises(SecretUnreadable):
        vault.open(vault.seal(SECRETS, about=new_id()), about=new_id())


def test_a_changed_ciphertext_does_not_open() -> None:
    """Tampering is noticed, also when next to nothing is left."""
    vault, about = Vault(ENCRYPTION_KEY), new_id()
    sealed = vault.seal(SECRETS, about=about)
    for ciphertext in (sealed.ciphertext[:-1] + bytes([sealed.ciphertext[-1] ^ 1]), sealed.ciphertext[:8], b""):
        with pytest.raises(SecretUnreadable):
            vault.open(Sealed(sealed.key_id, ciphertext), about=about)


def test_another_key_is_named_as_the_reason() -> None:
    """The remedy is to bring the old key back."""
    about = new_id()
    sealed = Vault(ENCRYPTION_KEY).seal(SECRETS, about=about)
    with pytest.raises(SecretUnreadable, match="another key") as refused:
        Vault(SecretStr(b64encode(b"x" * 32).decode())).open(sealed, about=about)
    assert "ROLLCALL_CONNECTOR_OLD_ENCRYPTION_KEYS" in str(refused.value.remedy)


def test_both_base64_alphabets_are_the_same_key() -> None:
    """`openssl rand -base64 32` and our own embedded key differ only in writing."""
    raw = bytes([251, 255]) * 16
    assert Vault(SecretStr(b64encode(raw).decode())).key_id == Vault(SecretStr(urlsafe_b64encode(raw).decode())).key_id
