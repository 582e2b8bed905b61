"""The tenants of one simulator, and the partners and organizations that speak for several of them."""

import random
import secrets
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from sophos_central_simulator.administration import Administration
from sophos_central_simulator.callers import Caller, IdType
from sophos_central_simulator.clock import Clock
from sophos_central_simulator.devices import Devices
from sophos_central_simulator.directory import Directory
from sophos_central_simulator.fleet import Fleet
from sophos_central_simulator.people import People, uuid_from
from sophos_central_simulator.signals import Signals
from sophos_central_simulator.tokens import owner_named_in

GEOGRAPHIES = (("IE", "eu01"), ("DE", "eu02"), ("US", "us03"), ("CA", "ca01"), ("JP", "jp01"))
BILLING = ("term", "usage", "trial")


@dataclass(slots=True, kw_only=True)
class Tenant(Caller):
    """One tenant, with a credential of its own."""

    id_type: ClassVar[IdType] = "tenant"

    directory: Directory = field(repr=False)
    fleet: Fleet = field(repr=False)
    signals: Signals = field(repr=False)
    administration: Administration = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Parent(Caller):
    """A partner or an organization. Its own switches, faults and record are for calls that name no tenant of it.

    Its staff are who can be its admins, and are from the start; no route lists them.
    """

    kind: Literal["partner", "organization"]
    administration: Administration = field(repr=False)
    staff: list[dict[str, Any]] = field(repr=False)
    tenants: list[Tenant] = field(default_factory=list, repr=False)

    def shown(self, base: str) -> list[dict[str, Any]]:
        """Return its tenants as its list shows them; not each has every field."""
        return [self._shown(number, tenant, base) for number, tenant in enumerate(self.tenants)]

    def _shown(self, number: int, tenant: Tenant, base: str) -> dict[str, Any]:
        geography, region = GEOGRAPHIES[number % len(GEOGRAPHIES)]
        row: dict[str, Any] = {
            "id": tenant.id,
            "name": tenant.directory.domain,
            "dataGeography": geography,
            "dataRegion": region,
            "billingType": BILLING[number % len(BILLING)],
            self.kind: {"id": self.id},
        }
        if number % 2 == 0:
            row |= {"showAs": f"{tenant.directory.domain} ({region})", "status": "active"}
        if tenant.switches.api_host_listed:
            row["apiHost"] = base
        return row


class Tenants:
    """All tenants and their parents, found by id, credential or token."""

    def __init__(self) -> None:
        self.by_id: dict[str, Tenant] = {}
        self.parents: dict[str, Parent] = {}
        self.clock = Clock()

    def create(
        self,
        *,
        seed: int,
        users: int,
        awkward: bool,
        email_domain: str,
        endpoints: int = 0,
        events_per_day: int = 0,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> Tenant:
        """Make a tenant. Its people follow from seed and domain; its id and credential are new each time unless given."""
        tenant_id = tenant_id or new_id()
        directory = Directory(People(seed, tenant_id, email_domain, users), self.clock, awkward=awkward)
        today = self.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        fleet = Fleet(Devices(seed, email_domain, endpoints, tenant_id, today), directory, self.clock)
        self.by_id[tenant_id] = tenant = Tenant(
            id=tenant_id,
            client_id=client_id or new_id(),
            client_secret=client_secret or secrets.token_hex(48),
            clock=self.clock,
            directory=directory,
            fleet=fleet,
            signals=Signals(seed, email_domain, events_per_day, fleet, self.clock),
            administration=_administration(tenant_id, directory, self.clock),
        )
        return tenant

    def create_parent(
        self,
        kind: Literal["partner", "organization"],
        *,
        tenants: int,
        email_domain: str,
        without_api_host: int = 1,
        refusing: int = 1,
        client_id: str | None = None,
        client_secret: str | None = None,
        **each: Any,
    ) -> Parent:
        """Make a partner or an organization with so many tenants, each with a domain, people and a credential of its own.

        The last `refusing` of them answer 403 to its calls, those before them are listed without `apiHost`.
        """
        parent_id = new_id()
        staff = [{"id": new_id(), "name": f"{kind.capitalize()} Staff {number}"} for number in (1, 2, 3)]
        parent = Parent(
            id=parent_id,
            administration=Administration({"id": parent_id}, staff, lambda _one: True, self.clock),
            staff=staff,
            kind=kind,
            client_id=client_id or new_id(),
            client_secret=client_secret or secrets.token_hex(48),
            clock=self.clock,
        )
        for number in range(tenants):
            tenant = self.create(email_domain=f"t{number + 1}.{email_domain}", **each)
            refuses = number >= tenants - refusing
            hostless = not refuses and number >= tenants - refusing - without_api_host
            tenant.switches = tenant.switches.model_copy(update={"refuses_parents": refuses, "api_host_listed": not hostless})
            parent.tenants.append(tenant)
        self.parents[parent.id] = parent
        return parent

    def forget(self, tenant: Tenant) -> None:
        """Forget a tenant, also where it is listed."""
        del self.by_id[tenant.id]
        for parent in self.parents.values():
            parent.tenants = [one for one in parent.tenants if one is not tenant]

    def find(self, caller_id: str) -> Tenant | Parent | None:
        """Return a tenant or a parent."""
        return self.by_id.get(caller_id) or self.parents.get(caller_id)

    def by_client(self, client_id: str) -> Tenant | Parent | None:
        """Return whose credential this is."""
        everybody: list[Tenant | Parent] = [*self.by_id.values(), *self.parents.values()]
        return next((caller for caller in everybody if caller.client_id.lower() == client_id.lower()), None)

    def by_token(self, access: str) -> Tenant | Parent | None:
        """Return whose access token it is or was."""
        caller = self.find(owner_named_in(access))
        return caller if caller is not None and caller.issued(access) else None


def _administration(tenant_id: str, directory: Directory, clock: Clock) -> Administration:
    # Four: three admins, and the second user of the last.
    users = [user for number in range(min(4, len(directory.users))) if (user := directory.original(number)) is not None]
    return Administration({"id": tenant_id}, users, directory.is_named, clock)


def spoken_for(caller: Tenant | Parent, tenant_id: str) -> Tenant | None:
    """Return the tenant of this id if the caller may speak for it; None otherwise."""
    candidates = [caller] if isinstance(caller, Tenant) else caller.tenants
    return next((tenant for tenant in candidates if tenant.id.lower() == tenant_id.lower()), None)


def new_id() -> str:
    """Return an id that nobody has."""
    return uuid_from(random.Random(secrets.randbits(128)))
