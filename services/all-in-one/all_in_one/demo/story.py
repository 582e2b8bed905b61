"""The story in eight steps: connect, draft, launch, run, drift, roles, offboard, look back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from all_in_one.demo.api import Api, CallFailed, every_one, where
from all_in_one.demo.directory import Directory
from all_in_one.demo.report import Step, show, show_timeline
from shared.api.runs import ENDED

TENANT_ID, DATA_REGION = "Sophos.Tenant ID", "Sophos.Data Region"
CHANGED, JOINED, LEFT = 7, 3, 5


@dataclass(slots=True)
class Story:
    """Plays the steps in order. `label` keeps this play's names apart from those of earlier plays on the same instance."""

    api: Api
    directory: Directory
    console: Console
    label: str
    patience: float = 600.0
    credential: dict[str, Any] = field(default_factory=dict)
    integration: dict[str, Any] = field(default_factory=dict)
    moved: dict[str, Any] = field(default_factory=dict)
    deleted: dict[str, Any] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    left: list[str] = field(default_factory=list)

    async def play(self) -> bool:
        """Play every step, print each with its counts, and return whether all of them hold."""
        steps: list[tuple[str, Callable[[Step], Awaitable[None]]]] = [
            ("Store the Sophos credential and the global variables; test them", self.connect),
            ("Create the integration as a draft; launching it now is refused", self.draft),
            ("Set details and mapping, create the custom field, launch", self.launch),
            ("Run it, and run it again: nothing changes twice", self.sync),
            (f"In Sophos {CHANGED} change, {JOINED} join, {LEFT} leave; run", self.drift),
            ("Role retrieval: everybody found has a role, who left is deactivated", self.retrieve_roles),
            ("Offboarding: the flag deletes one user in Sophos; a synced one is refused", self.offboard),
            ("Look back: the timeline of the person who was deleted", self.look_back),
        ]
        good = True
        for number, (title, act) in enumerate(steps, start=1):
            step = Step(number, title)
            started = time.perf_counter()
            await act(step)
            step.seconds = time.perf_counter() - started
            show(self.console, step)
            good = good and step.holds
        return good

    async def connect(self, step: Step) -> None:
        """Step 1."""
        self.credential = await self.api.post(
            "/credentials",
            {
                "name": f"Sophos Central{self.label}",
                "kind": "oauth2_client_credentials",
                "client_id": self.directory.client_id,
                "client_secret": self.directory.client_secret,
            },
        )
        await self._set_variable(TENANT_ID, self.directory.tenant_id)
        await self._set_variable(DATA_REGION, self.directory.data_region)
        tested = await self.api.post(f"/credentials/{self.credential['id']}/test", {"inputs": self._inputs()})
        step.same("the credential works", expected=True, rollcall=tested["ok"])
        step.same("tenant", self.directory.tenant_id, tested["tenant_id"])
        step.same(
            "the secret is not in the answer", expected=False, rollcall=self.directory.client_secret in str([self.credential, tested])
        )

    async def draft(self, step: Step) -> None:
        """Step 2."""
        self.integration = await self.api.post(
            "/integrations", {"provider": "sophos-users", "name": f"Sophos Endpoint Security users{self.label}"}
        )
        step.same("state", "draft", self.integration["state"])
        problem = await self.api.refused("POST", f"/integrations/{self.integration['id']}/launch")
        step.same("launching is refused with", "integration_incomplete", problem["code"])
        named = {entry["field"] for entry in problem["fields"]}
        wanted = {"credential_id", "integration_user", "mapping.username", "mapping.email", "mapping.role", "mapping.sync_keys"}
        step.same("the list of what is missing names", sorted(wanted), sorted(wanted & named))

    async def launch(self, step: Step) -> None:
        """Step 3."""
        path = f"/integrations/{self.integration['id']}"
        account = await self._integration_user()
        changed = await self.api.patch(
            path,
            {
                "user_selection": "user_plus_saas_user",
                "installation": "cloud",
                "preference": "create_and_update",
                "integration_user": account,
                "credential_id": self.credential["id"],
                "inputs": self._inputs(),
            },
        )
        step.same("the SaaS instance was found by itself", expected=True, rollcall=changed["saas_instance_id"] is not None)
        await self._custom_field()
        suggested = await self.api.post(f"{path}/mapping/suggestions")
        targets = {entry["target"]: entry["source"] for entry in suggested["suggestions"] if entry["certainty"] != "guess"}
        for target in ("username", "email", "full_name", "source_created_at", "source_updated_at", "source_type", "synced_at"):
            step.same(f"smart mapping suggests {target}", expected=True, rollcall=target in targets)
        targets["sophos_user_id"] = {"kind": "source", "path": ["id"]}
        targets["role"] = {"kind": "constant", "value": "Employee"}
        mapping = await self.api.put(f"{path}/mapping", {"targets": targets, "sync_keys": ["email"]})
        step.same("fields mapped", len(targets), len(mapping["targets"]))
        launched = await self.api.post(f"{path}/launch")
        step.same("state", "active", launched["state"])

    async def sync(self, step: Step) -> None:
        """Step 4."""
        there = _id_set(await self.directory.users())
        first = await self.run()
        self.known = there - await self._rejected(first)
        rejected = len(there) - len(self.known)
        step.same("first run", "completed_with_errors" if rejected else "completed", first["state"])
        step.same("added", len(self.known), first["counts"]["added"], len(there) - rejected)
        step.same("rejected, each with its reason", rejected, first["counts"]["failed"])
        step.same("People", len(self.known), await self.api.count("/people", self._ours()))
        step.same("SaaS users", len(self.known), await self.api.count("/saas-users", self._ours_saas()))
        before = await self._revisions()
        second = await self.run()
        step.same("second run", first["state"], second["state"])
        step.same("unchanged", len(self.known), second["counts"]["unchanged"], len(await self.directory.users()) - rejected)
        step.same("added or updated", 0, second["counts"]["added"] + second["counts"]["updated"])
        step.same("new revisions", 0, await self._revisions() - before)

    async def drift(self, step: Step) -> None:
        """Step 5."""
        before = self.known
        self.moved = await self.directory.change(change=CHANGED, join=JOINED, leave=LEFT)
        there = _id_set(await self.directory.users())
        run = await self.run()
        self.known = there - await self._rejected(run)
        changed = _id_set(self.moved["changed"]) & before & self.known
        self.left = sorted(before - there)
        step.same("run", "completed_with_errors" if run["counts"]["failed"] else "completed", run["state"])
        step.same("updated", len(changed), run["counts"]["updated"], len(_id_set(self.moved["changed"]) & before))
        step.same("added", len(self.known - before), run["counts"]["added"], len(_id_set(self.moved["joined"]) | (self.known - before)))
        step.same("unchanged", len(before & self.known) - len(changed), run["counts"]["unchanged"])
        step.same("reported missing", len(self.left), run["missing"], len(_id_set(self.moved["left"]) & before))
        step.same("in Sophos now", len(there), run["fetched"], len(there))
        step.same("still in Rollcall: none deleted", len(before | self.known), await self.api.count("/people", self._ours()))
        missing = [entry async for entry in self.api.every("/saas-users", rule=self._ours_saas(_has("missing_since")))]
        step.same("the missing are those who left", self.left, sorted(entry["fields"]["source_id"] for entry in missing))

    async def retrieve_roles(self, step: Step) -> None:
        """Step 6."""
        saas_users = self._ours_saas()
        workflow = await self._activated(
            f"Sophos roles{self.label}",
            "Retrieves each SaaS user's role, and deactivates whom Sophos provably no longer has.",
            {"trigger": "manual", "rule": saas_users},
            {
                "id": "roles",
                "type": "saas_user_role_retrieval",
                "name": "Sophos SaaS User Role",
                "settings": {
                    "preset": "sophos-saas-user-role",
                    "credential_id": self.credential["id"],
                    "inputs": self._inputs(),
                    "deactivate_user": True,
                },
            },
        )
        step.same("state", "active", workflow["state"])
        everybody = await self.api.count("/saas-users", saas_users)
        sweep = await self.api.post(f"/workflows/{workflow['id']}/sweeps", {})
        step.same("runs started", everybody, sweep["started"])
        totals = await self._until_ended(workflow["id"], everybody)
        step.same("runs succeeded", everybody, totals["succeeded"])
        there = _id_set(await self.directory.users()) & self.known
        with_role = await self.api.count("/saas-users", self._ours_saas(where("roles", "User", "contains")))
        step.same("SaaS users with role User", len(there), with_role, len(there))
        gone = [entry async for entry in self.api.every("/saas-users", rule=self._ours_saas(where("deactivated", value=True)))]
        step.same("deactivated in Rollcall", len(self.left), len(gone), everybody - len(there))
        step.same("and only those who left", self.left, sorted(entry["fields"]["source_id"] for entry in gone))

    async def offboard(self, step: Step) -> None:
        """Step 7."""
        workflow = await self._activated(
            f"Sophos offboarding{self.label}",
            "Deletes the user in Sophos when the flag is set.",
            {"trigger": "record_changed", "rule": self._ours_saas(where("to_be_deleted", value=True))},
            {
                "id": "delete",
                "type": "api_call",
                "name": "Sophos Delete User",
                "settings": {"preset": "sophos-delete-user", "credential_id": self.credential["id"], "inputs": self._inputs()},
            },
        )
        before = [user for user in await self.directory.users() if str(user["id"]) in self.known]
        custom = min((user for user in before if user["source_type"] == "custom" and user["email"]), key=lambda user: str(user["id"]))
        synced = min((user for user in before if user["source_type"] == "activeDirectory"), key=lambda user: str(user["id"]))
        self.deleted = await self._flag(custom["id"])
        good = await self._the_run_of(workflow["id"], self.deleted["id"])
        after = _id_set(await self.directory.users())
        step.same("the run of the custom user", "success", good["exit"])
        step.same("lost in Sophos", [custom["id"]], [custom["id"]], sorted(_id_set(before) - after))
        read_back = await self.api.get(f"/saas-users/{self.deleted['id']}")
        step.same("known as deleted in Sophos", expected=True, rollcall=read_back["fields"]["deleted_in_source_at"] is not None)
        kept = await self._flag(synced["id"])
        bad = await self._the_run_of(workflow["id"], kept["id"])
        failing: dict[str, Any] = next((entry for entry in bad["steps"] if entry["exit"] == "failure"), {})
        step.same("the run of the synced user takes the exit", "failure", bad["exit"])
        step.same("Sophos answered", 409, _find(failing.get("evidence", {}), "status", 409))
        step.same("and the run says what to do instead", expected=True, rollcall=bool(failing.get("remedy")))
        step.same("still in Sophos", len(after), len(after), len(await self.directory.users()))
        step.same("nobody else had a run", 2, sum((await self.api.get(f"/workflows/{workflow['id']}/totals")).values()))
        self.console.print(f"[dim]Sophos refused the synced user; the run says: {failing.get('remedy')}[/dim]")

    async def look_back(self, step: Step) -> None:
        """Step 8."""
        timeline = (await self.api.get(f"/people/{self.deleted['person_id']}/timeline"))["items"]
        show_timeline(self.console, timeline)
        kinds = [entry["kind"] for entry in timeline]
        wanted = ["observed", "created", "roles_set", "flagged", "deleted_in_source"]
        step.same("the timeline tells, in this order", wanted, [kind for kind in dict.fromkeys(kinds) if kind in wanted])
        step.same(
            "each with its cause and correlation id",
            len(timeline),
            sum(1 for entry in timeline if entry["cause"] and entry["correlation_id"]),
        )

    def _inputs(self) -> dict[str, Any]:
        return {"tenant_id": {"variable": TENANT_ID}, "data_region": {"variable": DATA_REGION}}

    def _ours(self) -> dict[str, Any]:
        return where("tenant_id", self.directory.tenant_id)

    def _ours_saas(self, *more: dict[str, Any]) -> dict[str, Any]:
        return every_one(where("integration_id", self.integration["id"]), *more)

    async def _set_variable(self, name: str, value: str) -> None:
        for variable in (await self.api.get("/global-variables"))["items"]:
            if variable["name"] == name:
                await self.api.put(f"/global-variables/{variable['id']}", {"value": value})
                return
        await self.api.post("/global-variables", {"name": name, "value": value})

    async def _integration_user(self) -> str:
        name = "sophos-integration"
        async for account in self.api.every("/accounts"):
            if account["name"] == name:
                return name
        await self.api.post("/accounts", {"name": name, "kind": "service", "role": "operator"})
        return name

    async def _custom_field(self) -> None:
        for known in (await self.api.get("/fields"))["items"]:
            if known["key"] == "sophos_user_id" and known["object_type"] == "person":
                return
        await self.api.post("/fields", {"object_type": "person", "label": "Sophos User Id", "data_type": "text", "unique": True})

    async def run(self) -> dict[str, Any]:
        """Ask for a run and return it once it has ended."""
        run = await self.api.post(f"/integrations/{self.integration['id']}/runs")
        return await self._until(f"run {run['id']}", lambda: self.api.get(f"/runs/{run['id']}"), lambda now: now["state"] in ENDED)

    async def _rejected(self, run: dict[str, Any]) -> set[str]:
        return {error["source_id"] async for error in self.api.every(f"/runs/{run['id']}/errors")}

    async def _revisions(self) -> int:
        people = [int(person["revision"]) async for person in self.api.every("/people", rule=self._ours())]
        return sum(people) + sum([int(user["revision"]) async for user in self.api.every("/saas-users", rule=self._ours_saas())])

    async def _activated(self, name: str, description: str, begin: dict[str, Any], block: dict[str, Any]) -> dict[str, Any]:
        definition = {
            "blocks": [{"id": "begin", "type": "begin", "settings": begin}, block, {"id": "end", "type": "end", "settings": {}}],
            "connections": [
                {"source": "begin", "exit": "success", "target": block["id"]},
                {"source": block["id"], "exit": "success", "target": "end"},
                {"source": block["id"], "exit": "failure", "target": "end"},
            ],
        }
        body = {"name": name, "description": description, "object_type": "saas_user", "definition": definition}
        workflow = await self.api.post("/workflows", body)
        activated: dict[str, Any] = await self.api.post(f"/workflows/{workflow['id']}/activate")
        return activated

    async def _flag(self, source_id: str) -> dict[str, Any]:
        found = [user async for user in self.api.every("/saas-users", rule=self._ours_saas(where("source_id", source_id)))]
        if len(found) != 1:
            raise CallFailed(f"{len(found)} SaaS users have the Sophos id {source_id}", remedy="There should be exactly one.")
        flagged: dict[str, Any] = await self.api.patch(f"/saas-users/{found[0]['id']}", {"fields": {"to_be_deleted": True}})
        return flagged

    async def _the_run_of(self, workflow_id: str, record_id: str) -> dict[str, Any]:
        page = await self._until(
            f"the workflow's run of {record_id}",
            lambda: self.api.get(f"/workflows/{workflow_id}/runs", record_id=record_id),
            lambda now: bool(now["items"]) and now["items"][0]["state"] != "running",
        )
        run: dict[str, Any] = await self.api.get(f"/workflow-runs/{page['items'][0]['id']}")
        return run

    async def _until_ended(self, workflow_id: str, runs: int) -> dict[str, Any]:
        return await self._until(
            "the workflow's runs",
            lambda: self.api.get(f"/workflows/{workflow_id}/totals"),
            lambda now: now["running"] == 0 and sum(now.values()) >= runs,
        )

    async def _until(self, what: str, look: Callable[[], Awaitable[Any]], done: Callable[[Any], bool]) -> dict[str, Any]:
        started = time.monotonic()
        while True:
            seen: dict[str, Any] = await look()
            if done(seen):
                return seen
            waited = time.monotonic() - started
            if waited > self.patience:
                raise CallFailed(f"{what} did not end within {self.patience:.0f} s", remedy="Look at the services' logs.")
            # What is waited for does not get faster by being looked at: a fiftieth of the wait is early enough.
            await asyncio.sleep(max(0.1, waited / 50))


def _has(field_name: str) -> dict[str, Any]:
    return {"field": field_name, "operator": "is_not_empty"}


def _id_set(people: list[dict[str, Any]]) -> set[str]:
    return {str(person["id"]) for person in people}


def _find(evidence: Any, key: str, wanted: Any) -> Any:
    """Return `wanted` when it stands anywhere in `evidence` under `key`, else None."""
    if isinstance(evidence, dict):
        if evidence.get(key) == wanted:
            return wanted
        return next((found for value in evidence.values() if (found := _find(value, key, wanted)) is not None), None)
    return None
