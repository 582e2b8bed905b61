"""Which global variables and credentials active workflows need: what the connector asks before it deletes one."""

from tests.support.workflow_engine import Stage, offboarding, roles


async def test_active_workflows_name_the_variables_that_they_need(stage: Stage) -> None:
    """Each once, as it was when the workflow was activated; drafts and resting workflows need none."""
    used = offboarding()
    used["blocks"][1]["settings"]["inputs"] = {"tenant_id": {"variable": "Tenant"}, "data_region": {"value": "https://api-eu01.example"}}
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(used)
        twice = roles()
        twice["blocks"][1]["settings"]["inputs"] = {"tenant_id": {"variable": "Tenant"}, "data_region": {"variable": "Tenant"}}
        await engine.activated(twice, name="Roles")
        await engine.call("POST", "/workflows", {"name": "Draft", "object_type": "saas_user", "definition": used}, status=201)
        shown = (await engine.call("GET", "/variable-uses"))["items"]
        assert shown == [{"workflow": "Offboarding", "variable": "Tenant"}, {"workflow": "Roles", "variable": "Tenant"}]
        used["blocks"][1]["settings"]["inputs"]["tenant_id"] = {"variable": "Another"}
        await engine.call("PATCH", f"/workflows/{workflow['id']}", {"definition": used})
        assert (await engine.call("GET", "/variable-uses"))["items"] == shown
        await engine.call("POST", f"/workflows/{workflow['id']}/deactivate")
        assert [use["workflow"] for use in (await engine.call("GET", "/variable-uses"))["items"]] == ["Roles"]


async def test_active_workflows_name_the_credentials_that_they_sign_in_with(stage: Stage) -> None:
    """Each once; a draft needs none."""
    async with stage.engine(workers=0) as engine:
        workflow = await engine.activated(offboarding())
        await engine.call("POST", "/workflows", {"name": "Draft", "object_type": "saas_user", "definition": roles()}, status=201)
        needed = offboarding()["blocks"][1]["settings"]["credential_id"]
        assert (await engine.call("GET", "/credential-uses"))["items"] == [{"workflow": "Offboarding", "credential_id": needed}]
        await engine.call("POST", f"/workflows/{workflow['id']}/deactivate")
        assert (await engine.call("GET", "/credential-uses"))["items"] == []
