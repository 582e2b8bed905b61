"""What signs a request, by kind of credential."""

from collections.abc import Callable, Mapping

import httpx
from httpx_auth import AWS4Auth, HeaderApiKey, QueryApiKey

from connector.signing.login import Login
from connector.signing.oauth import ClientCredentials
from connector.sources.base import Access
from shared.errors import Invalid


class KindNotSigned(Invalid):
    """A credential is of a kind that no request can be signed with."""

    code = "kind_not_signed"


def auth_of(access: Access) -> httpx.Auth:
    """Return what signs requests with the credential. Tokens are asked for over the client that sends the request, and held in memory.

    Raises `Invalid` when the credential lacks what signing needs. Mutual TLS signs nothing: see `connector.signing.tls`.
    """
    if access.kind not in SIGNERS:
        raise KindNotSigned(f"nothing signs with {access.kind}", remedy=f"Use a credential of the kind {', '.join(sorted(SIGNERS))}.")
    return SIGNERS[access.kind](access)


def in_the_open(access: Access) -> tuple[str, ...]:
    """Return the credential's secrets, to blot them out of what a source says."""
    return tuple(secret.get_secret_value() for secret in access.secrets.values())


def unsigned(access: Access, url: str) -> str:
    """Return an address that a source gave, without the key that it may have copied into it."""
    if access.kind != "api_key" or access.fields["placement"] != "query":
        return url
    return str(httpx.URL(url).copy_remove_param(access.fields["key_name"]))


def _basic(access: Access) -> httpx.Auth:
    return httpx.BasicAuth(access.fields["username"], access.secrets["password"].get_secret_value())


def _api_key(access: Access) -> httpx.Auth:
    place = QueryApiKey if access.fields["placement"] == "query" else HeaderApiKey
    return place(access.secrets["value"].get_secret_value(), access.fields["key_name"])


def _aws(access: Access) -> httpx.Auth:
    session = access.secrets.get("session_token")
    return AWS4Auth(
        access_id=access.fields["access_key_id"],
        secret_key=access.secrets["secret_access_key"].get_secret_value(),
        region=access.fields["region"],
        service=access.fields["service"],
        **({"security_token": session.get_secret_value()} if session else {}),
    )


def _nothing(_access: Access) -> httpx.Auth:
    return httpx.Auth()


SIGNERS: Mapping[str, Callable[[Access], httpx.Auth]] = {
    "basic": _basic,
    "api_key": _api_key,
    "oauth2_client_credentials": ClientCredentials,
    "aws_sigv4": _aws,
    "session": Login,
    "mutual_tls": _nothing,
}
