"""Where an agent's secrets are: in the system's keyring, in the environment, or in files. Read when they are needed, never kept."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import keyring
from keyring.errors import KeyringError
from pydantic import SecretStr

from shared.errors import Invalid

SERVICE = "rollcall-agent"
"""The name under which secrets stand in the keyring."""
WORDS = {"keyring": "keyring", "env": "environment variable", "file": "file"}
LARGEST = 100_000
"""Characters of a secret: a private key with its chain fits in."""


class SecretMissing(Invalid):
    """A secret is not where the agent was told to look for it."""

    code, title = "secret_missing", "A secret is missing"
    of_credential = True


def secret_at(place: Mapping[str, str], field: str) -> SecretStr:
    """Return the secret at `{"keyring": name}`, `{"env": variable}` or `{"file": path}`. Raises `SecretMissing`, naming `field`."""
    ((kind, name),) = place.items()
    found = READERS[kind](name)
    if not found or len(found) > LARGEST:
        remedy = f"Store it with `rollcall agent secret {name}`." if kind == "keyring" else f"Put it in the {WORDS[kind]} {name}."
        problem = {"field": field, "message": f"there is no usable secret in the {WORDS[kind]} {name!r}", "remedy": remedy}
        raise SecretMissing(f"{field}: {problem['message']}", remedy=remedy, fields=[problem])
    return SecretStr(found)


def store_secret(name: str, secret: SecretStr) -> None:
    """Put a secret into the keyring, in place of what stands there. Raises `SecretMissing` when the system has none."""
    try:
        keyring.set_password(SERVICE, name, secret.get_secret_value())
    except KeyringError as error:
        raise _no_keyring(error) from None


def keyring_secret(name: str) -> SecretStr | None:
    """Return a secret of the keyring; None when it, or the keyring, is not there."""
    try:
        found = keyring.get_password(SERVICE, name)
    except KeyringError:
        return None
    return SecretStr(found) if found else None


def _in_keyring(name: str) -> str | None:
    try:
        return keyring.get_password(SERVICE, name)
    except KeyringError as error:
        raise _no_keyring(error) from None


def _in_file(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _in_environment(variable: str) -> str | None:
    return os.environ.get(variable)


READERS: Mapping[str, Callable[[str], str | None]] = {"keyring": _in_keyring, "env": _in_environment, "file": _in_file}
"""How to look in each place."""


def _no_keyring(error: KeyringError) -> SecretMissing:
    remedy = 'Name another place for the secret: {"env": "VARIABLE"} or {"file": "/path"}.'
    return SecretMissing(f"this system's keyring cannot be used ({type(error).__name__})", remedy=remedy, code="no_keyring")
