"""The tenants of one simulator: each with a credential, a directory, switches, faults and a record of its requests."""

import random
import secrets
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.devices import Devices
from sophos_central_simulator.directory import Directory
from sophos_central_simulator.faults import Fault
from sophos_central_simulator.fleet import Fleet
from sophos_central_simulator.people import People, uuid_from
from sophos_central_simulator.rate import RateLimit
from sophos_central_simulator.switches import Switches
from sophos_central_simulator.tokens import Tokens, tenant_named_in

RECENT = 5000


@dataclass(slots=True)
class Tenant:
    """One tenant. `counts` has its API calls by method and path template, sign-ins apart; `recent` has both."""

    id: str
    client_id: str
    client_secret: str = field(repr=False)
    directory: Directory = field(repr=False)
    fleet: Fleet = field(repr=False)
    switches: Switches = field(default_factory=Switches)
    faults: list[Fault] = field(default_factory=list)
    rate: RateLimit = field(default_factory=RateLimit, repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    sign_ins: int = 0
    recent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=RECENT), repr=False)

    _tokens: Tokens = field(default_factory=Tokens, repr=False)

    def issue(self) -> tuple[str, str]:
        """Return a new access token and a refresh token."""
        return self._tokens.issue(self.id, self.client_id, self.switches.token_life)

    def accepts(self, access: str) -> bool:
        """Return whether an access token is this tenant's and alive."""
        return self._tokens.alive(access)

    def refreshes(self, refresh: str) -> bool:
        """Return whether this is a refresh token of the tenant."""
        return self._tokens.refreshes(refresh)

    def issued(self, access: str) -> bool:
        """Return whether an access token is or was this tenant's."""
        return access in self._tokens

    def expire_tokens(self) -> None:
        """End every access token now."""
        self._tokens.expire()

    def forget_requests(self) -> None:
        """Count from zero."""
        self.counts.clear()
        self.recent.clear()
        self.sign_ins = 0


class Tenants:
    """All tenants, found by id, credential or token."""

    def __init__(self) -> None:
        self.by_id: dict[str, Tenant] = {}
        self.clock = Clock()

    def create(
        self,
        *,
        seed: int,
        users: int,
        awkward: bool,
        email_domain: str,
        endpoints: int = 0,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> Tenant:
        """Make a tenant. Its people follow from seed and domain; its id and credential are new each time unless given."""
        fresh = random.Random(secrets.randbits(128))
        tenant_id = tenant_id or uuid_from(fresh)
        directory = Directory(People(seed, tenant_id, email_domain), users, awkward=awkward)
        today = self.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        devices = Devices(seed, email_domain, endpoints, tenant_id, today)
        tenant = Tenant(
            tenant_id, client_id or uuid_from(fresh), client_secret or secrets.token_hex(48), directory, Fleet(devices, directory)
        )
        self.by_id[tenant_id] = tenant
        return tenant

    def by_client(self, client_id: str) -> Tenant | None:
        """Return the tenant of a credential."""
        return next((tenant for tenant in list(self.by_id.values()) if tenant.client_id.lower() == client_id.lower()), None)

    def by_token(self, access: str) -> Tenant | None:
        """Return the tenant whose access token it is or was."""
        tenant = self.by_id.get(tenant_named_in(access))
        return tenant if tenant is not None and tenant.issued(access) else None
