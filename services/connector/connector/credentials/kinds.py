"""The kinds of credentials: what of each is secret, and what is wrong with one as a whole."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificates
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from connector.sources.settings import fit_for_secrets
from connector.storable import checked
from shared.api.credentials import ApiKeyIn, CredentialBase, CredentialIn, MutualTlsIn, SecretIn, SessionIn
from shared.clock import now
from shared.errors import Invalid
from shared.validation import why

CREDENTIAL: TypeAdapter[CredentialIn] = TypeAdapter(CredentialIn)
MODELS: list[type[BaseModel]] = [get_args(tagged)[0] for tagged in get_args(get_args(CredentialIn)[0])]
KINDS = {model.model_fields["kind"].default: model for model in MODELS}
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
LINKS = ("token_url", "url")
"""Fields that say where a secret is sent to."""


def apart(given: CredentialIn) -> tuple[dict[str, str], dict[str, SecretStr]]:
    """Return the fields that may be shown and those that may not, by name; of a nested field by `name.key`."""
    shown: dict[str, str] = {}
    hidden: dict[str, SecretStr] = {}
    for name in own_fields(type(given)):
        for key, value in _flat(name, getattr(given, name)):
            if isinstance(value, SecretStr):
                hidden[key] = value
            else:
                shown[key] = checked(key, value)
    return shown, hidden


def own_fields(kind: type[BaseModel]) -> list[str]:
    """Return the names of what only this kind has."""
    return [name for name in kind.model_fields if name not in CredentialBase.model_fields and name != "kind"]


def secret_fields(kind: str) -> set[str]:
    """Return the names of the kind's secret fields."""
    model = KINDS[kind]
    return {name for name in own_fields(model) if "SecretStr" in repr(model.model_fields[name].annotation)}


def renewed(kind: str, base: Mapping[str, Any], shown: Mapping[str, str], given: SecretIn) -> CredentialIn:
    """Return a stored credential with new secrets in place of all of its old ones. Raises `Invalid`, naming the fields."""
    hidden = secret_fields(kind)
    problems = [_problem(f"secrets.{name}", "is no secret of this kind", hidden) for name in given.secrets if name not in hidden]
    own = set(own_fields(KINDS[kind])) - hidden
    problems += [_problem(f"fields.{name}", "is no open field of this kind", own) for name in given.fields if name not in own]
    if problems:
        raise _invalid(problems)
    try:
        whole = {**base, "kind": kind, "expires_at": given.expires_at, **_nested(shown), **given.fields, **given.secrets}
        return CREDENTIAL.validate_python(whole)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)
        raise _invalid([_unfit(problem["loc"][1:], why(problem), hidden) for problem in wrong]) from None


def check_whole(given: CredentialIn) -> None:
    """Raise `Invalid` when a secret would travel in the open, or when a certificate and its key do not fit."""
    for name in LINKS:
        if (link := getattr(given, name, None)) is not None:
            try:
                fit_for_secrets(link)
            except ValueError as error:
                raise _invalid([{"field": name, "message": str(error), "remedy": "Give the address as https://host/path."}]) from None
    _check_headers(given)
    if isinstance(given, MutualTlsIn):
        _check_pair(given)


def _check_headers(given: CredentialIn) -> None:
    """Raise `Invalid` for what HTTP has no place for: it would only show when the first request is sent."""
    match given:
        case ApiKeyIn(placement="header"):
            parts = [("key_name", given.key_name, HEADER_NAME), ("value", given.value.get_secret_value(), HEADER_VALUE)]
        case SessionIn():
            parts = [("header_name", given.header_name, HEADER_NAME), ("header_prefix", given.header_prefix, HEADER_VALUE)]
        case _:
            parts = []
    for name, value, allowed in parts:
        if not allowed.fullmatch(value):
            message, remedy = "cannot stand in an HTTP header", "Use printable ASCII characters, and no spaces in the header's name."
            raise _invalid([{"field": name, "message": message, "remedy": remedy}])


def certificate_of(given: MutualTlsIn) -> Certificate:
    """Return the client's own certificate. Raises `Invalid`."""
    return read_certificate(given.certificate)


def read_certificate(pem: str) -> Certificate:
    """Return the first certificate of a chain. Raises `Invalid`."""
    try:
        return load_pem_x509_certificates(pem.encode())[0]
    except ValueError:
        raise _invalid([_pem_problem("certificate", "is not a certificate in PEM")]) from None


def expiry_of(given: CredentialIn) -> datetime | None:
    """Return when a credential ends: as was said, or as its certificate says. Raises `Invalid` when that is over."""
    return ending(given.expires_at, certificate_of(given) if isinstance(given, MutualTlsIn) else None)


def ending(said: datetime | None, certificate: Certificate | None) -> datetime | None:
    """Return the earlier of what was said and a certificate's own end. Raises `Invalid` when that is over."""
    ends = min(said or certificate.not_valid_after_utc, certificate.not_valid_after_utc) if certificate else said
    if ends is not None and ends <= now():
        raise _invalid([{"field": "expires_at", "message": f"{ends:%Y-%m-%d} is over", "remedy": "Store a credential that still works."}])
    return ends


def _check_pair(given: MutualTlsIn) -> None:
    certificate = certificate_of(given)
    password = given.key_password.get_secret_value().encode() if given.key_password else None
    try:
        key = load_pem_private_key(given.private_key.get_secret_value().encode(), password)
    except TypeError:
        raise _invalid([_pem_problem("key_password", "is missing, or given for a key that has none")]) from None
    except ValueError:
        raise _invalid([_pem_problem("private_key", "is not a key in PEM, or its password is another one")]) from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise _invalid([_pem_problem("private_key", "does not belong to the certificate")])


def _flat(name: str, value: Any) -> list[tuple[str, Any]]:
    match value:
        case None:
            return []
        case dict():
            return [(f"{name}.{key}", inner) for key, inner in value.items()]
        case list():
            return [(name, " ".join(value))]
        case _:
            return [(name, value)]


def _nested(shown: Mapping[str, str]) -> dict[str, Any]:
    """Undo `_flat`."""
    whole: dict[str, Any] = {}
    for key, value in shown.items():
        name, dot, inner = key.partition(".")
        if dot:
            whole.setdefault(name, {})[inner] = value
        else:
            whole[name] = value.split() if name == "scopes" else value
    return whole


def _unfit(place: tuple[int | str, ...], message: str, hidden: set[str]) -> dict[str, str]:
    name = ".".join(str(step) for step in place)
    side = "secrets" if str(place[0] if place else "") in hidden else "fields"
    return {"field": f"{side}.{name}", "message": message, "remedy": "Give every secret of the credential anew."}


def _problem(field: str, message: str, known: set[str]) -> dict[str, str]:
    return {"field": field, "message": message, "remedy": f"Use: {', '.join(sorted(known))}."}


def _pem_problem(field: str, message: str) -> dict[str, str]:
    remedy = "Paste the whole text, from -----BEGIN to -----END, and the key that belongs to it."
    return {"field": field, "message": message, "remedy": remedy}


def _invalid(problems: list[dict[str, str]]) -> Invalid:
    words = "; ".join(f"{problem['field']} {problem['message']}" for problem in problems)
    return Invalid(words, remedy=problems[0]["remedy"], fields=problems)
