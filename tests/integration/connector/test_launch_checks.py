"""A launch looks at a real page first: what cannot work is refused, what will hurt is said."""

from tests.support.connector import World, drafted_completely

HURTS = {"severity": "warns", "code": "never_filled", "field": "targets.x", "message": "none has x", "remedy": "Look.", "records": 9}


async def test_a_check_shows_the_mapper_a_real_page_and_stores_nothing(here: World) -> None:
    """As Sophos gives it, with what the integration asks to be done with it."""
    async with here.connector() as api:
        path = await drafted_completely(api, here)
        found = await api.post(f"{path}/check")
        runs = await api.get(f"{path}/runs")
    (asked,) = here.mapper.checked
    assert found["records"] == len(asked["records"]) > 10
    assert all(record == here.source(source_id) for source_id, record in zip(asked["source_ids"], asked["records"], strict=True))
    assert (asked["provenance"]["mode"], asked["provenance"]["preference"]) == ("plan", "create_and_update")
    assert (runs["items"], here.mapper.heard) == ([], [])


async def test_what_will_hurt_is_said_and_does_not_stop_the_launch(here: World) -> None:
    """Somebody decided to launch; they should know."""
    here.mapper.findings = [HURTS]
    async with here.connector() as api:
        launched = await api.post(f"{await drafted_completely(api, here)}/launch")
    assert launched["state"] == "active"
    assert [one["field"] for one in launched["warnings"]] == ["targets.x"]


async def test_what_cannot_work_is_refused_and_stays_a_draft(here: World) -> None:
    """With every reason, and the records that show it."""
    here.mapper.findings = [HURTS, {**HURTS, "severity": "refuses", "code": "missing_value", "source_ids": ["u1"]}]
    async with here.connector() as api:
        path = await drafted_completely(api, here)
        refused = await api.post(f"{path}/launch", expect=409)
        shown = await api.get(path)
    assert (refused["code"], refused["fields"][0]["source_ids"], len(refused["fields"])) == ("launch_refused", ["u1"], 1)
    assert shown["state"] == "draft"


async def test_a_credential_that_the_source_refuses_keeps_from_launching(here: World) -> None:
    """It would answer the same tonight."""
    async with here.connector() as api:
        path = await drafted_completely(api, here)
        here.tenant.switches.client_disabled = True
        refused = await api.post(f"{path}/launch", expect=502)
        shown = await api.get(path)
    assert (refused["code"], shown["state"]) == ("sophos_client_disabled", "draft")


async def test_a_complete_draft_can_be_planned_and_not_run(here: World) -> None:
    """The whole source is looked at before the launch; nothing is written before it."""
    async with here.connector() as api:
        path = await drafted_completely(api, here)
        refused = await api.post(f"{path}/runs", expect=409)
        planned = await api.post(f"{path}/runs", {"mode": "plan"})
        bare = await api.post("/integrations", {"provider": "sophos-users", "name": "Bare"})
        incomplete = await api.post(f"/integrations/{bare['id']}/runs", {"mode": "plan"}, expect=409)
    assert (refused["code"], planned["mode"]) == ("integration_not_active", "plan")
    assert incomplete["code"] == "integration_incomplete"
