"""Calls about one tenant: at its own host, with its id in the header."""

from typing import Any

from connector.sources.sophos.api import TENANT_HEADER, Account, Question
from connector.sources.sophos.errors import api_error
from connector.sources.sophos.models import Tenant
from connector.sources.wire import Answer

NOT_FOUND = 404


class InTenant:
    """One credential's calls about one tenant."""

    def __init__(self, account: Account, tenant: Tenant) -> None:
        self.account = account
        self.tenant = tenant

    async def get(self, path: str, params: dict[str, str] | None = None) -> Answer:
        """Return the answer to a read: a success or a 404. Raises a typed error for anything else, after retrying."""
        question = self._question("GET", path, params=params)
        answer = await self.account.read(question)
        if answer.ok or answer.status == NOT_FOUND:
            return answer
        raise api_error(answer, question.asked)

    async def write(self, method: str, path: str, *, body: Any = None, params: dict[str, str] | None = None) -> Answer:
        """Return the answer to a write, whatever it says. Raises when there is none."""
        return await self.account.write(self._question(method, path, params=params, body=body))

    def _question(self, method: str, path: str, *, params: dict[str, str] | None, body: Any = None) -> Question:
        headers = {TENANT_HEADER: self.tenant.id}
        return Question(method, f"{self.tenant.base_url}{path}", f"{method} {path}", headers, params, body)
