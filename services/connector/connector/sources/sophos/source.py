"""Sophos Central as a source, of users or of devices: the port's implementation."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from connector.sources.base import Access, Counted, Operation, Session
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.checks import Listed, tested
from connector.sources.sophos.counting import counted
from connector.sources.sophos.device_deletion import DeleteDevice
from connector.sources.sophos.device_requests import CheckUpdates, ScanDevice
from connector.sources.sophos.devices import ENDPOINTS, devices_of
from connector.sources.sophos.devices_manifest import MANIFEST as DEVICES
from connector.sources.sophos.enriching import enriched_users_of
from connector.sources.sophos.group_commands import AddToGroups, RemoveFromGroups
from connector.sources.sophos.isolation import IsolateDevice, ReleaseDevice
from connector.sources.sophos.lookup import LookupUsers
from connector.sources.sophos.manifest import MANIFEST as USERS_MANIFEST
from connector.sources.sophos.recent import recent_users_of
from connector.sources.sophos.tamper_protection import TamperProtectionOff, TamperProtectionOn
from connector.sources.sophos.user_commands import CreateUser, EditUser
from connector.sources.sophos.user_deletion import DeleteUser
from connector.sources.sophos.users import USERS
from shared.api.credentials import CredentialTestOut
from shared.api.sources import ProviderOut

USERS_LISTED = Listed("list_users", "it may list users", USERS, {"pageSize": "1", "page": "1", "sort": "id:asc"})
DEVICES_LISTED = Listed("list_endpoints", "it may list endpoints", ENDPOINTS, {"pageSize": "1", "view": "basic"})
USER_OPERATIONS: tuple[Callable[[SophosCentral], Operation], ...] = (
    LookupUsers,
    CreateUser,
    EditUser,
    DeleteUser,
    AddToGroups,
    RemoveFromGroups,
)
DEVICE_OPERATIONS: tuple[Callable[[SophosCentral], Operation], ...] = (
    IsolateDevice,
    ReleaseDevice,
    ScanDevice,
    CheckUpdates,
    TamperProtectionOn,
    TamperProtectionOff,
    DeleteDevice,
)
Opens = Callable[[SophosCentral, Access], Awaitable[Session]]


class SophosSource:
    """One of the providers: what its manifest says, read by `opens`."""

    def __init__(
        self, central: SophosCentral, manifest: ProviderOut, opens: Opens, listed: Listed, operations: Iterable[Operation]
    ) -> None:
        self._central = central
        self._manifest = manifest
        self._opens = opens
        self._listed = listed
        self._operations = {operation.key: operation for operation in operations}

    @property
    def manifest(self) -> ProviderOut:
        """What it is, needs and offers."""
        return self._manifest

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done there, by key."""
        return self._operations

    async def open(self, access: Access) -> Session:
        """Sign in, find the tenants and their hosts, compare the inputs."""
        return await self._opens(self._central, access)

    async def open_recent(self, access: Access, since: Mapping[str, datetime]) -> Session:
        """As `open`, for the users who changed since then."""
        return await recent_users_of(self._central, access, since)

    async def count(self, access: Access, since: Mapping[str, datetime] | None = None) -> list[Counted]:
        """Return how many records each chosen tenant has, or has changed."""
        central = self._central
        page_size = central.device_page_size if self._manifest.object_type == "device" else central.page_size
        return await counted(central, access, self._listed, page_size, since)

    async def test(self, access: Access) -> CredentialTestOut:
        """Sign in anew and look at everything that a run needs."""
        self._central.tokens.forget(access.credential_id)
        return await tested(Account(self._central, access), self._listed)

    def forget(self, credential_id: UUID) -> None:
        """Drop the token of a credential."""
        self._central.tokens.forget(credential_id)


def sophos_users(central: SophosCentral) -> SophosSource:
    """Return the provider `sophos-users`."""
    return SophosSource(central, USERS_MANIFEST, enriched_users_of, USERS_LISTED, [make(central) for make in USER_OPERATIONS])


def sophos_devices(central: SophosCentral) -> SophosSource:
    """Return the provider `sophos-endpoints`."""
    return SophosSource(central, DEVICES, devices_of, DEVICES_LISTED, [make(central) for make in DEVICE_OPERATIONS])
