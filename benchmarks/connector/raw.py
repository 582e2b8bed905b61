"""The baseline: the same client asks for the same pages, one after the other, and throws them away."""

from pydantic import SecretStr

from benchmarks.connector.child import Stopwatch, Task, Took, serve
from connector.sources.clients import source_http
from tests.support.connector import connector_settings


async def read(task: Task) -> Took:
    """Return how long it took to fetch all pages."""
    settings = connector_settings(SecretStr("sqlite://"), task.source_url)
    form = {"grant_type": "client_credentials", "client_id": task.client_id, "client_secret": task.client_secret, "scope": "token"}
    async with source_http(settings) as http:
        signed_in = (await http.post(f"{task.source_url}/api/v2/oauth2/token", data=form)).raise_for_status().json()
        headers = {"Authorization": f"Bearer {signed_in['access_token']}", "X-Tenant-ID": task.tenant_id}
        url = f"{task.source_url}/common/v1/directory/users"
        watch = Stopwatch()
        # One more, as a full last page does not say that it is the last.
        for page in range(1, task.pages + 2):
            query = {"pageSize": "100", "page": str(page), "sort": "id:asc"}
            (await http.get(url, params=query, headers=headers)).raise_for_status()
        return watch.read()


if __name__ == "__main__":
    serve(read)
