"""Software through the public API: a catalogue that integrations fill, and of which nothing is removed that somebody needs."""

from tests.support.files import as_csv, drafted, employees, mapped, sent
from tests.support.places import on_each_database
from tests.support.whole import USERS, Here

pytestmark = on_each_database


async def test_integrations_fill_instances_that_the_catalogue_counts(here: Here) -> None:
    """Sophos comes into the catalogue by itself; users of a file belong to the instance that somebody chose."""
    await here.run()
    (sophos,) = (await here.ask("GET", "/applications"))["items"]
    assert (sophos["instances"], sophos["users"]) == (1, USERS)
    (instance,) = (await here.ask("GET", "/saas-instances", application_id=sophos["id"]))["items"]
    assert (await here.ask("GET", f"/saas-instances/{instance['id']}"))["users"] == USERS
    path = await drafted(here)
    await here.ask("PATCH", path, {"user_selection": "user_plus_saas_user"})
    await sent(here, path, as_csv(employees(12)))
    await here.ask("PUT", f"{path}/mapping", mapped())
    missing = {gap["field"]: gap["message"] for gap in (await here.ask("GET", path))["missing"]}
    assert missing == {"saas_instance_id": "no SaaS instance is chosen"}, "a file does not say which application it is of"
    chosen = await here.ask("POST", "/saas-instances", {"application": "Jira", "name": "Jira EMEA"})
    await here.ask("PATCH", path, {"saas_instance_id": chosen["id"]})
    await here.ask("POST", f"{path}/launch")
    ran = await here.settled((await here.ask("POST", f"{path}/runs", {}))["id"])
    assert (ran["state"], ran["counts"]["added"]) == ("completed", 12)
    counted = {one["name"]: (one["instances"], one["users"]) for one in (await here.ask("GET", "/applications"))["items"]}
    assert counted == {"Jira": (1, 12), sophos["name"]: (1, USERS)}
    (user, *_) = (await here.ask("GET", f"/saas-instances/{chosen['id']}/users"))["items"]
    assert user["fields"]["saas_name"] == "Jira EMEA"


async def test_an_instance_that_an_integration_fills_is_not_removed(here: Here) -> None:
    """Its next run would not know where its users belong; the error names whom to ask."""
    (instance,) = (await here.ask("GET", "/saas-instances"))["items"]
    refused = await here.ask("DELETE", f"/saas-instances/{instance['id']}", expect=409)
    assert (refused["code"], refused["used_by"]) == ("saas_instance_in_use", ["Sophos users"])
    spare = await here.ask("POST", "/saas-instances", {"application": instance["application"], "name": "Spare"})
    account = await here.ask("POST", "/accounts", {"name": "Otto", "kind": "person", "role": "operator"})
    token = (await here.ask("POST", f"/accounts/{account['id']}/tokens", {"name": "t"}))["token"]
    denied = await here.http.delete(f"/api/v1/saas-instances/{spare['id']}", headers={"Authorization": f"Bearer {token}"})
    assert (denied.status_code, denied.json()["needed_role"]) == (403, "admin")
    await here.ask("DELETE", f"/saas-instances/{spare['id']}", expect=204)
    kept = await here.ask("DELETE", f"/applications/{instance['application_id']}", expect=409)
    assert kept["used_by"] == [instance["name"]]
