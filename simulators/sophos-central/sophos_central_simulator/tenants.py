"""The tenants of one simulator: each with a credential, tokens, a directory, switches, faults and a record of its requests."""

import random
import secrets
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sophos_central_simulator.directory import Directory
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.faults import Fault
from sophos_central_simulator.people import People, uuid_from

RECENT = 5000


class Switches(BaseModel):
    """Behaviour that the public description leaves open, or that a test wants otherwise."""

    model_config = ConfigDict(extra="forbid")

    token_life: float = Field(default=3600, gt=0, description="Seconds that a token lives.")
    requests_per_minute: int = Field(default=0, ge=0, description="More than this answers 429; 0 counts nothing.")
    deleted_unknown_answers: bool = Field(default=True, description="What `deleted` says for an id that nobody has.")
    read_only: bool = Field(default=False, description="The credential may only read: writes answer 403.")
    page_size_above_maximum: Literal["refuse", "cut"] = "cut"
    azure_delete_conflicts: bool = Field(default=True, description="Deleting somebody synced from Entra answers 409 too.")
    absent_for_reading: list[str] = Field(default_factory=list, description="Ids that answer 404 by id although the list shows them.")


@dataclass(slots=True)
class Tenant:
    """One tenant."""

    id: str
    client_id: str
    client_secret: str
    directory: Directory
    switches: Switches = field(default_factory=Switches)
    faults: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    recent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=RECENT))
    _tokens: dict[str, float] = field(default_factory=dict)
    _minute: deque[float] = field(default_factory=deque)

    def issue(self) -> str:
        """Return a new token."""
        token = "eyJ." + secrets.token_urlsafe(48)
        self._tokens[token] = time.monotonic() + self.switches.token_life
        return token

    def holds(self, token: str) -> bool:
        """Return whether a token is this tenant's and alive."""
        return self._tokens.get(token, 0) > time.monotonic()

    def expire_tokens(self) -> None:
        """End every token now."""
        self._tokens.clear()

    def count(self, method: str, template: str, path: str) -> None:
        """Note a request, and refuse it when the minute is used up."""
        self.counts[f"{method} {template}"] += 1
        self.recent.append({"method": method, "path": path, "at": time.time()})
        limit = self.switches.requests_per_minute
        if not limit:
            return
        moment = time.monotonic()
        while self._minute and self._minute[0] <= moment - 60:
            self._minute.popleft()
        if len(self._minute) >= limit:
            wait = max(1, round(60 - (moment - self._minute[0])))
            raise Refused(429, "tooManyRequests", "Too many requests", {"Retry-After": str(wait)})
        self._minute.append(moment)


class Tenants:
    """All tenants, found by id, credential or token."""

    def __init__(self) -> None:
        self.by_id: dict[str, Tenant] = {}

    def create(self, *, seed: int, users: int, awkward: bool, email_domain: str) -> Tenant:
        """Make a tenant; its id and credential are new each time, its people follow from the seed."""
        identity = random.Random(secrets.randbits(128))
        tenant_id = uuid_from(identity)
        directory = Directory(People(seed, tenant_id, email_domain), users, awkward=awkward)
        tenant = Tenant(tenant_id, uuid_from(identity), secrets.token_hex(48), directory)
        self.by_id[tenant_id] = tenant
        return tenant

    def by_client(self, client_id: str) -> Tenant | None:
        """Return the tenant of a credential."""
        return next((tenant for tenant in self.by_id.values() if tenant.client_id == client_id), None)

    def by_token(self, token: str) -> Tenant | None:
        """Return the tenant of a living token."""
        return next((tenant for tenant in self.by_id.values() if tenant.holds(token)), None)
