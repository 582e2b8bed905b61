"""The agent's credentials: described in a file of its host, opened when a run needs them.

    [credentials."Sophos read-only"]
    provider = "sophos-users"
    kind = "oauth2_client_credentials"
    client_id = "5d0b1f6e-95f4-4a2f-8a0e-0d3a2a1c9e77"
    client_secret = { keyring = "sophos" }

A secret is a place (`keyring`, `env` or `file`); in plain text only where nobody else can read the file. `hosts` lists where
addresses that Rollcall's inputs give may lead: a credential is never sent to a host that this file does not name.
"""

import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from connector.credentials.kinds import CREDENTIAL, KINDS, apart, check_whole, secret_fields
from connector.local.secrets import READERS, secret_at
from connector.sources.base import Access, Input
from shared.api.sources import ProviderOut
from shared.errors import Invalid
from shared.validation import why

NOT_LOCAL = {
    "aws_sigv4": "AWS keys are for cloud installations: a key on one host would be used from wherever the agent runs",
    "oauth2_authorization_code": "it needs somebody at a browser, and an agent has none",
}
"""Kinds that a local installation does not offer, and why."""
OTHERS_MAY_READ = stat.S_IRWXG | stat.S_IRWXO


class LocalCredentialUnusable(Invalid):
    """A credential is not in the agent's file, or is wrong there."""

    code, title = "local_credential_unusable", "The agent has no such credential"
    of_credential = True

    def __init__(self, path: Path, field: str, message: str, *, remedy: str) -> None:
        problem = {"field": field, "message": message, "remedy": remedy}
        super().__init__(f"{path.name}: {field} {message}", remedy=remedy, fields=[problem])


class LocalCredentials:
    """The credentials of one file. It is read anew for each run, so that what is mended takes effect at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Return what the credentials are called. Raises `LocalCredentialUnusable` when the file cannot be read."""
        return sorted(self._described())

    def access(self, name: str, manifest: ProviderOut, accepted: frozenset[str], inputs: tuple[Input, ...]) -> Access:
        """Return what a source needs; `accepted`: the providers whose credentials it takes.

        Raises `LocalCredentialUnusable`, `SecretMissing` and `Invalid`, each naming file and field.
        """
        described = self._described()
        if name not in described:
            remedy = f"Describe it in {self._path}, or name one of these in the integration: {', '.join(sorted(described)) or 'none yet'}."
            raise LocalCredentialUnusable(self._path, "credentials", f"has no credential {name!r}", remedy=remedy)
        given = dict(described[name])
        if given.get("provider") not in accepted:
            message = f"is {given.get('provider')!r}, and the integration reads {manifest.key!r}"
            raise LocalCredentialUnusable(
                self._path,
                f"{name}.provider",
                message,
                remedy=f"Set it to {manifest.key!r}, or name another credential in the integration.",
            )
        hosts = given.pop("hosts", [])
        if manifest.typed_addresses:
            self._require_hosts(name, hosts, inputs)
        return self._opened(name, given, inputs)

    def _opened(self, name: str, given: dict[str, Any], inputs: tuple[Input, ...]) -> Access:
        kind = str(given.get("kind", "oauth2_client_credentials"))
        if kind not in KINDS or kind in NOT_LOCAL:
            reason = NOT_LOCAL.get(kind, "there is no such kind")
            remedy = f"Use one of: {', '.join(sorted(KINDS.keys() - NOT_LOCAL.keys()))}."
            raise LocalCredentialUnusable(self._path, f"{name}.kind", f"{kind} is not offered here: {reason}", remedy=remedy)
        for field in sorted(secret_fields(kind) & given.keys()):
            given[field] = self._secret(f"{name}.{field}", given[field])
        try:
            credential = CREDENTIAL.validate_python({**given, "name": name, "kind": kind})
            check_whole(credential)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            field = ".".join(map(str, first["loc"][1:])) or "kind"
            raise LocalCredentialUnusable(self._path, f"{name}.{field}", why(first), remedy="Mend it in the file.") from None
        fields, secrets = apart(credential)
        # The same for every run, so that tokens are kept; another one when the fields change.
        identity = uuid5(NAMESPACE_URL, f"{self._path.resolve()}#{name}#{sorted(fields.items())}")
        return Access(identity, name, kind, fields, secrets, inputs)

    def _secret(self, field: str, value: Any) -> Any:
        if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in READERS:
            return secret_at(value, field)
        if isinstance(value, Mapping):
            return {key: self._secret(f"{field}.{key}", one) for key, one in value.items()}
        if self._path.stat().st_mode & OTHERS_MAY_READ and os.name == "posix":
            remedy = f"Run `chmod 600 {self._path}`, or name a place for the secret: a keyring, an environment variable, a file."
            raise LocalCredentialUnusable(
                self._path, field, "stands in plain text in a file that others on this host may read", remedy=remedy
            )
        return value

    def _require_hosts(self, name: str, hosts: Any, inputs: Iterable[Input]) -> None:
        """Raise unless every address among the inputs leads to a host that the file names for the credential.

        Inputs come from Rollcall: whoever could change them there must not have the credential sent to a host of their own.
        """
        if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
            raise LocalCredentialUnusable(
                self._path, f"{name}.hosts", "must be a list of host names", remedy='Write it as hosts = ["hr.example.com"].'
            )
        for given in inputs:
            host = urlsplit(given.value).hostname if "://" in given.value else None
            if host is not None and host.casefold() not in {one.casefold() for one in hosts}:
                remedy = f"If that is right, add {host!r} to hosts of this credential in {self._path}; otherwise mend the input."
                raise LocalCredentialUnusable(
                    self._path, f"{name}.hosts", f"{given.origin} leads to {host!r}, which is not among them", remedy=remedy
                )

    def _described(self) -> dict[str, Any]:
        try:
            document = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            remedy = "Write it, or say where it is with ROLLCALL_AGENT_CREDENTIALS_FILE."
            raise LocalCredentialUnusable(
                self._path, "credentials_file", f"cannot be read ({type(error).__name__})", remedy=remedy
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise LocalCredentialUnusable(self._path, "credentials_file", f"is not TOML: {error}", remedy="Mend it.") from None
        described = document.get("credentials", {})
        if not isinstance(described, dict) or not all(isinstance(one, dict) for one in described.values()):
            raise LocalCredentialUnusable(self._path, "credentials", "must be tables", remedy='Write each as [credentials."Its name"].')
        return described
