"""Every problem of a draft is named at its place, with its remedy."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from mapper.fields.builtin import BUILTIN
from shared.api.workflows import DefinitionIn
from tests.support.workflow_engine import PROVIDER, offboarding, roles
from workflow_engine.clients.connector import OfferedPreset
from workflow_engine.workflows.validation import problems_of

PRESETS = {preset.key: OfferedPreset.model_validate({**preset.model_dump(), "provider": PROVIDER.key}) for preset in PROVIDER.presets}


def problems(definition: dict[str, Any], object_type: Any = "saas_user") -> dict[str, str]:
    """Return message by field."""
    gaps = problems_of(DefinitionIn.model_validate(definition), object_type, PRESETS, BUILTIN[object_type])
    assert all(gap.remedy for gap in gaps)
    return {gap.field: gap.message for gap in gaps}


@pytest.mark.parametrize("definition", [roles(), offboarding()], ids=["roles", "offboarding"])
def test_the_storys_workflows_have_no_problems(definition: dict[str, Any]) -> None:
    """The two workflows of the story must be activated as they are."""
    assert problems(definition) == {}


def test_an_open_failure_exit_is_no_problem() -> None:
    """It is allowed: a failure then ends the run as failed."""
    definition = roles()
    definition["connections"].pop()
    assert problems(definition) == {}


def _without(block_id: str) -> Callable[[dict[str, Any]], None]:
    def change(definition: dict[str, Any]) -> None:
        definition["blocks"] = [block for block in definition["blocks"] if block["id"] != block_id]
        definition["connections"] = [line for line in definition["connections"] if block_id not in (line["source"], line["target"])]

    return change


def _line(source: str, target: str, taken: str = "success") -> Callable[[dict[str, Any]], None]:
    return lambda definition: definition["connections"].append({"source": source, "exit": taken, "target": target})


def _block(**block: Any) -> Callable[[dict[str, Any]], None]:
    return lambda definition: definition["blocks"].append(block)


def _settings(block: int, **settings: Any) -> Callable[[dict[str, Any]], None]:
    return lambda definition: definition["blocks"][block]["settings"].update(settings)


def _rule(**condition: Any) -> Callable[[dict[str, Any]], None]:
    return _settings(0, rule=condition)


def _open_success(definition: dict[str, Any]) -> None:
    del definition["connections"][1]


def _circle(definition: dict[str, Any]) -> None:
    second = deepcopy(definition["blocks"][1]) | {"id": "second"}
    definition["blocks"].append(second)
    definition["connections"][2] = {"source": "work", "exit": "failure", "target": "second"}
    definition["connections"].append({"source": "second", "exit": "success", "target": "work"})


CASES: list[tuple[str, Callable[[dict[str, Any]], None], str, str]] = [
    ("no begin", _without("begin"), "blocks", "exactly one Begin block, there are 0"),
    ("two begins", _block(id="other", type="begin"), "blocks", "exactly one Begin block, there are 2"),
    ("no end", _without("end"), "blocks", "no End block"),
    ("unreachable", _block(id="island", type="end"), "blocks.island", "no path leads from Begin to 'island'"),
    ("dead end", _open_success, "blocks.work.exits.success", "the success exit of 'work' leads nowhere"),
    ("circle", _circle, "connections", "in a circle through 'second', 'work'"),
    ("unknown type", _block(id="odd", type="fax"), "blocks.odd.type", "no block type 'fax'"),
    ("same id", _block(id="end", type="end"), "blocks.end", "2 blocks have the id 'end'"),
    ("unknown target", _line("work", "nowhere"), "connections.3.target", "no block 'nowhere'"),
    ("two lines", _line("begin", "end"), "blocks.begin.exits.success", "2 lines leave the success exit of 'begin'"),
    ("no such exit", _line("begin", "end", "failure"), "connections.3.exit", "'begin' has no failure exit"),
    ("back to begin", _line("work", "begin"), "connections.3.target", "no line may lead to Begin"),
    ("unknown preset", _settings(1, preset="fax"), "blocks.work.settings.preset", "no preset 'fax'"),
    ("other block's preset", _settings(1, preset="sophos-delete-user"), "blocks.work.settings.preset", "another kind of block"),
    ("missing input", _settings(1, inputs={}), "blocks.work.settings.inputs.tenant_id", "'tenant_id' is not set"),
    ("unknown setting", _settings(1, colour="red"), "blocks.work.settings.colour", "is not known here"),
    ("bad setting", _settings(1, credential_id="mine"), "blocks.work.settings.credential_id", "valid UUID"),
    ("bad trigger", _settings(0, trigger="weather"), "blocks.begin.settings.trigger", "'manual'"),
    ("bad rule", _rule(field="email", operator="equals"), "blocks.begin.settings.rule", "needs a value"),
    ("no such field", _rule(field="emial", operator="is_empty"), "blocks.begin.settings.rule.field", "did you mean email?"),
    ("no such operator", _rule(field="deactivated", operator="contains", value="y"), "blocks.begin.settings.rule.operator", "type boolean"),
    (
        "no fitting value",
        _rule(field="missing_since", operator="at_most", value="x"),
        "blocks.begin.settings.rule.value",
        "a day, a moment",
    ),
]


@pytest.mark.parametrize(("change", "field", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_problem_is_named(change: Callable[[dict[str, Any]], None], field: str, message: str) -> None:
    """An editor shows the problem at the block or line that has it."""
    definition = deepcopy(roles())
    change(definition)
    assert message in problems(definition)[field]


@pytest.mark.parametrize(
    "begin",
    [{}, {"rule": {"all": []}}, {"rule": {"any": [{"all": []}, {"not": {"all": []}}]}}],
    ids=["no rule", "an empty rule", "groups of nothing"],
)
def test_what_destroys_needs_a_rule_about_a_field(begin: dict[str, Any]) -> None:
    """Without a rule, or with an empty one that holds for everybody, one click on "run now" would delete everybody."""
    definition = offboarding()
    definition["blocks"][0]["settings"] = {"trigger": "manual", **begin}
    assert "no rule about a field" in problems(definition)["blocks.begin.settings.rule"]


@pytest.mark.parametrize("levels", [9, 5000], ids=["one too many", "thousands"])
@pytest.mark.parametrize("wrap", [lambda rule: {"not": rule}, lambda rule: {"all": [rule]}], ids=["not", "all"])
def test_a_rule_that_is_nested_too_deep_is_a_problem_like_others(wrap: Callable[[Any], Any], levels: int) -> None:
    """Whoever evaluates such a rule later, in memory or as SQL, would run out of stack."""
    rule: dict[str, Any] = {"field": "to_be_deleted", "operator": "is_not_empty"}
    for _ in range(levels):
        rule = wrap(rule)
    definition = roles()
    definition["blocks"][0]["settings"]["rule"] = rule
    assert "more than 8 levels" in problems(definition)["blocks.begin.settings.rule"]


def test_a_rule_as_deep_as_allowed_is_no_problem() -> None:
    """The limit is for accidents and attacks, not for people."""
    rule: dict[str, Any] = {"field": "to_be_deleted", "operator": "is_not_empty"}
    for _ in range(8):
        rule = {"any": [rule]}
    assert problems(roles(rule=rule)) == {}


def test_a_block_says_which_records_it_can_work_on() -> None:
    """A person has no identifier in a SaaS: such a workflow could never do anything."""
    assert "records of type person" in problems(roles(), "person")["blocks.work.type"]


def test_a_rule_about_what_nobody_is_told_is_a_problem() -> None:
    """A field that is kept out of history is in no event: such a workflow would never start, and nobody would know why."""
    definition = roles()
    definition["blocks"][0]["settings"]["rule"] = {"not": {"field": "synced_at", "operator": "is_empty"}}
    assert "kept out of history" in problems(definition, "person")["blocks.begin.settings.rule.not.field"]
