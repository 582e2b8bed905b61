"""What the connector asks the workflow engine."""

from collections import defaultdict
from uuid import UUID

from connector.names import name_key
from shared.api.credentials import CredentialUse
from shared.api.variables import VariableUse
from shared.http.client import ServiceClient
from shared.http.paging import Page

SECONDS = 5.0


class WorkflowEngineClient(ServiceClient):
    """Which workflows need what the connector keeps."""

    audience = "workflow-engine"

    async def variable_users(self, *, actor: str) -> dict[str, list[str]]:
        """Return the names of the active workflows that refer to a global variable, by the variable's name key."""
        page = await self.ask(Page[VariableUse], "GET", "/internal/variable-uses", actor=actor, timeout=SECONDS)
        users: dict[str, set[str]] = defaultdict(set)
        for use in page.items:
            users[name_key(use.variable)].add(use.workflow)
        return {key: sorted(names) for key, names in users.items()}

    async def credential_users(self, *, actor: str) -> dict[UUID, list[str]]:
        """Return the names of the active workflows that sign in with a credential, by the credential's id."""
        page = await self.ask(Page[CredentialUse], "GET", "/internal/credential-uses", actor=actor, timeout=SECONDS)
        users: dict[UUID, set[str]] = defaultdict(set)
        for use in page.items:
            users[use.credential_id].add(use.workflow)
        return {credential_id: sorted(names) for credential_id, names in users.items()}
