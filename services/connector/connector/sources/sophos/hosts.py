"""Which hosts a token may be sent to: the answer of a source must not choose freely."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from shared.errors import UpstreamRefused

DEFAULT_PORTS = {"http": 80, "https": 443}
LABELS_OF_A_PARENT = 2


class HostRefused(UpstreamRefused):
    """A source named a host outside its own domain."""

    code, title = "source_host_refused", "The source named a foreign host"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The configured hosts, and the rule that follows from them."""

    id_url: str
    global_url: str

    @property
    def token_url(self) -> str:
        """Where credentials are signed in."""
        return f"{self.id_url}/api/v2/oauth2/token"

    @property
    def whoami_url(self) -> str:
        """Where a token learns whose it is."""
        return f"{self.global_url}/whoami/v1"

    def regional(self, told: str) -> str:
        """Return the regional base URL that the source told, without a trailing slash.

        It must be https on the usual port, under the parent domain of the configured global host; or have the very
        scheme, host and port of the configured global URL (a simulator). Raises `HostRefused`.
        """
        try:
            parts = urlsplit(told.strip())
            base = _base(parts)
        except ValueError:
            raise self._refused("something that is not a URL") from None
        bare = parts.path in {"", "/"} and not parts.query and not parts.fragment and parts.username is None and parts.password is None
        if bare and base == _base(urlsplit(self.global_url)):
            return _written(*base)
        scheme, host, port = base
        if bare and scheme == "https" and port == DEFAULT_PORTS["https"] and self._in_the_family(host):
            return _written(*base)
        raise self._refused(repr(f"{scheme}://{host}"[:200]))

    def _in_the_family(self, host: str) -> bool:
        _, global_host, _ = _base(urlsplit(self.global_url))
        parent = global_host.partition(".")[2]
        if _is_address(host) or _is_address(global_host) or parent.count(".") + 1 < LABELS_OF_A_PARENT:
            return False
        return host.endswith(f".{parent}") and all(_is_label(label) for label in host.split("."))

    def _refused(self, what: str) -> HostRefused:
        return HostRefused(
            f"Sophos names {what} as the regional host, which does not belong to {self.global_url}",
            remedy="Check ROLLCALL_CONNECTOR_SOPHOS_GLOBAL_URL; nothing was sent to the other host.",
        )


def _base(parts: SplitResult) -> tuple[str, str, int]:
    """Return scheme, host and port. Raises `ValueError`."""
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("not a web address")
    return scheme, parts.hostname.lower().rstrip("."), parts.port if parts.port is not None else DEFAULT_PORTS[scheme]


def _written(scheme: str, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{name}:{port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_label(label: str) -> bool:
    return bool(label) and label.isascii() and label.replace("-", "a").isalnum()
