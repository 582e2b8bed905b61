"""Sophos Central as a source of users: the port's implementation."""

from collections.abc import Mapping
from uuid import UUID

from connector.sources.base import Access, Operation
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.api import Account, SophosCentral
from connector.sources.sophos.checks import Listed, tested
from connector.sources.sophos.deletion import DeleteUser
from connector.sources.sophos.lookup import LookupUsers
from connector.sources.sophos.manifest import MANIFEST
from connector.sources.sophos.users import USERS, users_of
from shared.api.credentials import CredentialTestOut
from shared.api.sources import ProviderOut

LISTED = Listed("list_users", "it may list users", USERS, {"pageSize": "1", "page": "1", "sort": "id:asc"})


class SophosUsers:
    """The provider `sophos-users`."""

    def __init__(self, central: SophosCentral) -> None:
        self._central = central
        operations: tuple[Operation, ...] = (LookupUsers(central), DeleteUser(central))
        self._operations = {operation.key: operation for operation in operations}

    @property
    def manifest(self) -> ProviderOut:
        """What it is, needs and offers."""
        return MANIFEST

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done there, by key."""
        return self._operations

    async def open(self, access: Access) -> AcrossTenants:
        """Sign in, find the tenants and their hosts, compare the inputs."""
        return await users_of(self._central, access)

    async def test(self, access: Access) -> CredentialTestOut:
        """Sign in anew and look at everything that a run needs."""
        self._central.tokens.forget(access.credential_id)
        return await tested(Account(self._central, access), LISTED)

    def forget(self, credential_id: UUID) -> None:
        """Drop the token of a credential."""
        self._central.tokens.forget(credential_id)
