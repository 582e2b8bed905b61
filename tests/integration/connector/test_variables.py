"""Global variables: typed, changed with care, and deleted only when nobody needs them."""

from tests.support.connector import World, launched


async def test_a_variable_keeps_to_its_type(here: World) -> None:
    """Who changes a value later is told the same as who typed it in first."""
    async with here.connector() as api:
        refused = await api.post("/variables", {"name": "Tenant", "type": "uuid", "value": "none"}, expect=422)
        assert (refused["fields"][0]["field"], "such as" in refused["remedy"]) == ("value", True)
        made = await api.post("/variables", {"name": "Port", "type": "number", "value": "8080"})
        assert (made["type"], made["value"], made["used_by"]) == ("number", "8080", [])
        await api.ask("PUT", f"/variables/{made['id']}", {"value": "many"}, expect=422)
        assert (await api.ask("PUT", f"/variables/{made['id']}", {"value": "81"}))["value"] == "81"
        text = await api.ask("PUT", f"/variables/{made['id']}", {"type": "text", "value": "many"})
        assert (text["type"], text["value"]) == ("text", "many")
        await api.post("/variables", {"name": "x", "type": "secret", "value": "x"}, expect=422)


async def test_who_uses_a_variable_is_told_and_keeps_it_from_being_deleted(here: World) -> None:
    """An offboarding that fails at night because somebody tidied up is worse than a variable too many."""
    async with here.connector() as api:
        await launched(api, here)
        free = await api.post("/variables", {"name": "Free", "value": "1"})
        here.engine.uses = [("Offboarding", "free "), ("Offboarding", "Sophos.Tenant ID"), ("Roles", "Sophos.Tenant ID")]
        shown = {one["name"]: one for one in (await api.get("/variables"))["items"]}
        assert shown["Sophos.Tenant ID"]["used_by"] == ["Sophos Endpoint Security users"]
        assert shown["Sophos.Tenant ID"]["used_by_workflows"] == ["Offboarding", "Roles"]
        assert (shown["Free"]["used_by"], shown["Free"]["used_by_workflows"]) == ([], ["Offboarding"])
        refused = await api.ask("DELETE", f"/variables/{free['id']}", expect=409)
        assert (refused["code"], refused["used_by_workflows"]) == ("variable_in_use", ["Offboarding"])
        assert "'Offboarding'" in refused["detail"]
        here.engine.uses = []
        await api.ask("DELETE", f"/variables/{free['id']}", expect=204)
        await api.ask("DELETE", f"/variables/{free['id']}", expect=404)
        both = await api.ask("DELETE", f"/variables/{shown['Sophos.Tenant ID']['id']}", expect=409)
        assert both["used_by"] == ["Sophos Endpoint Security users"]


async def test_a_variable_stays_while_nobody_can_say_whether_workflows_use_it(here: World) -> None:
    """Not knowing is not the same as knowing that nobody does; reading goes on meanwhile."""
    async with here.connector() as api:
        free = await api.post("/variables", {"name": "Free", "value": "1"})
        here.engine.uses = None
        (shown,) = (await api.get("/variables"))["items"]
        assert shown["used_by_workflows"] is None
        refused = await api.ask("DELETE", f"/variables/{free['id']}", expect=502)
        assert (refused["code"], refused["retryable"]) == ("variable_users_unknown", True)
        here.engine.uses = []
        await api.ask("DELETE", f"/variables/{free['id']}", expect=204)
