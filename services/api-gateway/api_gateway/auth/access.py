"""What each role may do: one line for every route of the API, and no route without a line."""

from collections.abc import Iterable

from api_gateway.auth.shapes import Role
from shared.errors import Forbidden

RANK: dict[Role, int] = {"viewer": 0, "operator": 1, "admin": 2}
"""Each role may do all that the one before it may. The role `agent` stands apart: its routes are nobody else's, and it has no others."""

ROUTES: dict[Role, str] = {
    "viewer": """
        GET /openapi.json
        GET /me
        GET /accounts
        GET /providers
        GET /providers/{key}
        GET /credentials
        GET /credentials/{credential_id}
        GET /global-variables
        GET /integrations
        GET /integrations/{integration_id}
        GET /integrations/{integration_id}/mapping
        GET /integrations/{integration_id}/mapping/readiness
        GET /integrations/{integration_id}/mapping/versions
        GET /integrations/{integration_id}/mapping/forecasts/{forecast_id}
        GET /integrations/{integration_id}/mapping/versions/{version}
        GET /integrations/{integration_id}/mapping/versions/{version}/diff
        GET /integrations/{integration_id}/runs
        GET /integrations/{integration_id}/files
        GET /runs/{run_id}
        GET /integrations/{integration_id}/schedules
        GET /rates
        GET /notices
        GET /notices/{notice_id}/deliveries
        GET /contacts
        GET /agents
        GET /runs/{run_id}/plan
        GET /runs/{run_id}/plan/items
        GET /runs/{run_id}/plan/check
        GET /runs/{run_id}/errors
        GET /runs/{run_id}/filtered
        GET /runs/{run_id}/pages
        GET /runs/{run_id}/log
        GET /fields
        GET /rules/operators
        POST /rules/check
        GET /applications
        GET /applications/{application_id}
        GET /saas-instances
        GET /saas-instances/{saas_instance_id}
        GET /people
        GET /saas-instances/{saas_instance_id}/roles
        GET /saas-instances/{saas_instance_id}/users
        GET /people/by/{field}/{value:path}
        GET /people/{person_id}
        GET /people/{person_id}/saas-users
        GET /people/{person_id}/timeline
        GET /people/{person_id}/diff
        GET /people/{person_id}/fields/{field}/why
        GET /saas-users
        GET /saas-users/by/{field}/{value:path}
        GET /saas-users/{saas_user_id}
        GET /bulk-edits/{bulk_edit_id}
        GET /views
        POST /views
        GET /views/{view_id}
        PUT /views/{view_id}
        DELETE /views/{view_id}
        GET /views/{view_id}/records
        GET /saas-users/{saas_user_id}/diff
        GET /saas-users/{saas_user_id}/fields/{field}/why
        GET /assets/{asset_id}/diff
        GET /assets/{asset_id}/fields/{field}/why
        GET /authority
        GET /authority/hand-edits
        GET /integrations/{integration_id}/why-not
        GET /undos/{undo_id}
        GET /undos/{undo_id}/items
        GET /assets
        GET /assets/by/{field}/{value:path}
        GET /assets/{asset_id}
        GET /assets/{asset_id}/timeline
        GET /withheld
        GET /merges
        GET /merges/{merge_id}
        GET /match-conflicts
        GET /match-conflicts/{conflict_id}
        GET /blocks
        GET /presets
        GET /workflows
        GET /workflows/{workflow_id}
        GET /workflows/{workflow_id}/runs
        GET /workflows/{workflow_id}/totals
        GET /workflow-runs/{run_id}
    """,
    "operator": """
        POST /integrations
        PATCH /integrations/{integration_id}
        POST /integrations/{integration_id}/launch
        POST /integrations/{integration_id}/pause
        POST /integrations/{integration_id}/resume
        POST /integrations/{integration_id}/release
        POST /integrations/{integration_id}/archive
        POST /integrations/{integration_id}/restore
        POST /integrations/{integration_id}/copy
        PUT /integrations/{integration_id}/mapping
        POST /integrations/{integration_id}/mapping/suggestions
        POST /integrations/{integration_id}/mapping/versions/{version}/restore
        POST /integrations/{integration_id}/mapping/forecasts
        POST /integrations/{integration_id}/mapping/review
        GET /integrations/{integration_id}/mapping/samples
        POST /integrations/{integration_id}/mapping/samples
        PUT /integrations/{integration_id}/mapping/samples/{sample_id}
        DELETE /integrations/{integration_id}/mapping/samples/{sample_id}
        POST /integrations/{integration_id}/preview
        POST /integrations/{integration_id}/check
        POST /integrations/{integration_id}/runs
        POST /integrations/{integration_id}/files
        DELETE /integrations/{integration_id}/files/{file_id}
        PUT /integrations/{integration_id}/schedules/{kind}
        DELETE /integrations/{integration_id}/schedules/{kind}
        GET /integrations/{integration_id}/forecast
        POST /runs/{run_id}/cancel
        POST /notices/{notice_id}/read
        GET /dead-letters
        POST /runs/{run_id}/apply
        POST /runs/{run_id}/reject
        POST /runs/{run_id}/undo
        POST /undos/{undo_id}/undo
        POST /runs/{run_id}/errors/replay
        POST /runs/{run_id}/errors/{error_id}/redact
        POST /fields
        PATCH /fields/{object_type}/{key}
        POST /applications
        PATCH /applications/{application_id}
        PUT /authority/{object_type}
        PUT /authority/{object_type}/{field}
        POST /saas-instances
        PATCH /saas-instances/{saas_instance_id}
        POST /people
        PATCH /people/{person_id}
        POST /people/{person_id}/archive
        POST /people/{person_id}/restore
        PATCH /saas-users/{saas_user_id}
        POST /bulk-edits
        POST /exports
        POST /views/{view_id}/exports
        POST /bulk-edits/{bulk_edit_id}/apply
        PATCH /assets/{asset_id}
        POST /match-conflicts/{conflict_id}/settle
        POST /match-conflicts/{conflict_id}/reopen
        POST /workflows
        PATCH /workflows/{workflow_id}
        POST /workflows/{workflow_id}/validate
        POST /workflows/{workflow_id}/activate
        POST /workflows/{workflow_id}/deactivate
        POST /workflows/{workflow_id}/sweeps
    """,
    "admin": """
        POST /operations/{provider}/{operation}
        POST /credentials
        PATCH /credentials/{credential_id}
        PUT /credentials/{credential_id}/secret
        DELETE /credentials/{credential_id}
        POST /credentials/{credential_id}/test
        POST /global-variables
        PUT /global-variables/{variable_id}
        DELETE /global-variables/{variable_id}
        DELETE /integrations/{integration_id}
        DELETE /applications/{application_id}
        DELETE /saas-instances/{saas_instance_id}
        POST /runs/{run_id}/approve
        POST /people/{person_id}/anonymise
        GET /people/{person_id}/export
        POST /people/{person_id}/merge
        POST /merges/{merge_id}/unmerge
        POST /withheld/release
        POST /withheld/discard
        GET /dead-letters/{consumer}/{message_id}
        POST /dead-letters/{consumer}/{message_id}/replay
        POST /dead-letters/{consumer}/{message_id}/discard
        POST /contacts
        PATCH /contacts/{contact_id}
        DELETE /contacts/{contact_id}
        POST /contacts/{contact_id}/test
        POST /accounts
        GET /accounts/{account_id}/tokens
        POST /accounts/{account_id}/tokens
        DELETE /tokens/{token_id}
        GET /audit
    """,
    "agent": """
        GET /agent
        POST /agent/claims
        POST /agent/runs/{run_id}/pages
        POST /agent/runs/{run_id}/answers
        POST /agent/runs/{run_id}/alive
        POST /agent/runs/{run_id}/release
        POST /agent/runs/{run_id}/failure
    """,
}
"""The least role that each route asks for, below /api/v1."""

STORES_CREDENTIALS: Role = "admin"
"""The least role that may store credentials, and say where they are sent."""
ACTIVATES_WHAT_DESTROYS: Role = "admin"
"""The least role that may activate a workflow with a block that destroys."""
UNDOES: Role = "admin"
"""The least role that may undo a run; whoever operates may look what that would do."""

BASE = "/api/v1"


class RoleNeeded(Forbidden):
    """An account tried what needs another role."""

    code = "role_needed"

    def __init__(self, what: str, needed: Role, role: Role) -> None:
        remedy = f"Use a token of an account with the role {needed}."
        super().__init__(f"{what} needs the role {needed}; this account is {role}", remedy=remedy, needed_role=needed)


def _needed() -> dict[tuple[str, str], Role]:
    table: dict[tuple[str, str], Role] = {}
    for role, lines in ROUTES.items():
        for line in lines.split("\n"):
            if line.strip():
                method, path = line.split()
                table[method, f"{BASE}{path}"] = role
    return table


NEEDED = _needed()


def require(method: str, route: str, role: Role) -> None:
    """Raise `Forbidden`, which names the role that the route asks for, when `role` is a lesser one."""
    needed = NEEDED[method, route]
    if not reaches(role, needed):
        raise RoleNeeded(f"{method} {route}", needed, role)


def reaches(role: Role, needed: Role) -> bool:
    """Return whether `role` may do what `needed` may."""
    if "agent" in (role, needed):
        return role == needed
    return RANK[role] >= RANK[needed]


def check_complete(routes: Iterable[tuple[str, str]]) -> None:
    """Raise when the table and the routes there are disagree: then the app must not start."""
    there = set(routes)
    if unlisted := there - NEEDED.keys():
        raise TypeError(f"routes without a role: {sorted(unlisted)}; add them to api_gateway.auth.access")
    if vanished := NEEDED.keys() - there:
        raise TypeError(f"roles for routes that do not exist: {sorted(vanished)}; remove them from api_gateway.auth.access")
