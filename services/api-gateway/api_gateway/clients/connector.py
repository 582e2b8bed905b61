"""What the gateway asks the connector: sources, credentials, variables, integrations and their files."""

from collections.abc import AsyncIterator
from typing import Literal
from uuid import UUID

from api_gateway.clients.internal import InternalClient, steps
from shared.api.checks import CheckOut
from shared.api.credentials import CredentialIn, CredentialOut, CredentialPatch, CredentialTestIn, CredentialTestOut, SecretIn, revealed
from shared.api.files import FileOut
from shared.api.integrations import CopyIn, IntegrationIn, IntegrationOut, IntegrationPatch, PreviewOut
from shared.api.sources import ProviderOut
from shared.api.variables import VariableIn, VariableOut, VariableValueIn
from shared.http.paging import Page

TEST_SECONDS = 120.0
"""A credential test signs in at the source, which may be slow."""
UPLOAD_SECONDS = 600.0
"""A workbook with a million rows takes minutes to read."""

Step = Literal["launch", "pause", "resume", "release", "archive", "restore"]


class ConnectorClient(InternalClient):
    """Everything that is about sources."""

    audience = "connector"

    async def providers(self, *, search: str | None = None, actor: str) -> Page[ProviderOut]:
        """Return the kinds of sources in which every word of `search` is found."""
        return await self.get(Page[ProviderOut], "/internal/providers", actor=actor, search=search)

    async def provider(self, key: str, *, actor: str) -> ProviderOut:
        """Return one kind of source."""
        return await self.get(ProviderOut, f"/internal/providers/{steps(key)}", actor=actor)

    async def credentials(self, *, actor: str) -> Page[CredentialOut]:
        """Return the credentials, without secrets."""
        return await self.get(Page[CredentialOut], "/internal/credentials", actor=actor)

    async def credential(self, credential_id: UUID, *, actor: str) -> CredentialOut:
        """Return one credential, without its secret."""
        return await self.get(CredentialOut, f"/internal/credentials/{credential_id}", actor=actor)

    async def add_credential(self, given: CredentialIn, *, actor: str) -> CredentialOut:
        """Store a credential."""
        return await self.ask(CredentialOut, "POST", "/internal/credentials", actor=actor, body=revealed(given))

    async def change_credential(self, credential_id: UUID, given: CredentialPatch, *, actor: str) -> CredentialOut:
        """Change what is given; what is left out stays."""
        body = given.model_dump(mode="json", exclude_unset=True)
        return await self.ask(CredentialOut, "PATCH", f"/internal/credentials/{credential_id}", actor=actor, body=body)

    async def renew_secret(self, credential_id: UUID, given: SecretIn, *, actor: str) -> CredentialOut:
        """Give a credential new secrets."""
        return await self.ask(CredentialOut, "PUT", f"/internal/credentials/{credential_id}/secret", actor=actor, body=revealed(given))

    async def remove_credential(self, credential_id: UUID, *, actor: str) -> None:
        """Delete a credential that nothing uses."""
        await self.call("DELETE", f"/internal/credentials/{credential_id}", actor=actor)

    async def test_credential(self, credential_id: UUID, given: CredentialTestIn | None, *, actor: str) -> CredentialTestOut:
        """Sign in with a credential and say what works."""
        path = f"/internal/credentials/{credential_id}/test"
        return await self.ask(CredentialTestOut, "POST", path, actor=actor, body=given, timeout=TEST_SECONDS)

    async def variables(self, *, actor: str) -> Page[VariableOut]:
        """Return the global variables."""
        return await self.get(Page[VariableOut], "/internal/variables", actor=actor)

    async def add_variable(self, given: VariableIn, *, actor: str) -> VariableOut:
        """Store a global variable."""
        return await self.ask(VariableOut, "POST", "/internal/variables", actor=actor, body=given)

    async def change_variable(self, variable_id: UUID, given: VariableValueIn, *, actor: str) -> VariableOut:
        """Give a global variable another value."""
        return await self.ask(VariableOut, "PUT", f"/internal/variables/{variable_id}", actor=actor, body=given)

    async def remove_variable(self, variable_id: UUID, *, actor: str) -> None:
        """Delete a global variable that nothing uses."""
        await self.call("DELETE", f"/internal/variables/{variable_id}", actor=actor)

    async def integrations(self, *, archived: bool, actor: str) -> Page[IntegrationOut]:
        """Return the integrations that are archived, or all the others."""
        return await self.get(Page[IntegrationOut], "/internal/integrations", actor=actor, archived=archived)

    async def integration(self, integration_id: UUID, *, actor: str) -> IntegrationOut:
        """Return one integration, and what is still missing."""
        return await self.get(IntegrationOut, f"/internal/integrations/{integration_id}", actor=actor)

    async def add_integration(self, given: IntegrationIn, *, actor: str) -> IntegrationOut:
        """Store an integration, as a draft."""
        return await self.ask(IntegrationOut, "POST", "/internal/integrations", actor=actor, body=given)

    async def change_integration(self, integration_id: UUID, given: IntegrationPatch, *, actor: str) -> IntegrationOut:
        """Change what is given: null empties a detail, leaving it out keeps it."""
        body = given.model_dump(mode="json", exclude_unset=True)
        return await self.ask(IntegrationOut, "PATCH", f"/internal/integrations/{integration_id}", actor=actor, body=body)

    async def preview(self, integration_id: UUID, *, limit: int | None = None, actor: str) -> PreviewOut:
        """Return the first records that an integration would fetch."""
        path = f"/internal/integrations/{integration_id}/preview"
        return await self.ask(PreviewOut, "POST", path, actor=actor, params={"limit": limit}, timeout=TEST_SECONDS)

    async def check_integration(self, integration_id: UUID, *, actor: str) -> CheckOut:
        """Return what would become of a real page, and what speaks against launching."""
        return await self.ask(CheckOut, "POST", f"/internal/integrations/{integration_id}/check", actor=actor, timeout=TEST_SECONDS)

    async def copy_integration(self, integration_id: UUID, given: CopyIn, *, actor: str) -> IntegrationOut:
        """Store a copy of an integration, as a draft."""
        return await self.ask(IntegrationOut, "POST", f"/internal/integrations/{integration_id}/copy", actor=actor, body=given)

    async def remove_integration(self, integration_id: UUID, *, actor: str) -> None:
        """Delete an integration that was put aside."""
        await self.call("DELETE", f"/internal/integrations/{integration_id}", actor=actor)

    async def move_integration(self, integration_id: UUID, step: Step, *, actor: str) -> IntegrationOut:
        """Move an integration from one state to another; a launch looks at the source first."""
        path = f"/internal/integrations/{integration_id}/{step}"
        return await self.ask(IntegrationOut, "POST", path, actor=actor, timeout=TEST_SECONDS)

    async def upload_file(self, integration_id: UUID, said: dict[str, str | None], content: AsyncIterator[bytes], *, actor: str) -> FileOut:
        """Pass on the file that an integration reads next."""
        path = f"/internal/integrations/{integration_id}/files"
        return await self.ask(FileOut, "POST", path, actor=actor, params=said, content=content, timeout=UPLOAD_SECONDS)

    async def files(self, integration_id: UUID, *, cursor: str | None, limit: int, actor: str) -> Page[FileOut]:
        """Return the files that were uploaded to an integration."""
        return await self.get(Page[FileOut], f"/internal/integrations/{integration_id}/files", actor=actor, cursor=cursor, limit=limit)

    async def remove_file(self, integration_id: UUID, file_id: UUID, *, actor: str) -> None:
        """Remove the rows of a file."""
        await self.call("DELETE", f"/internal/integrations/{integration_id}/files/{file_id}", actor=actor)
