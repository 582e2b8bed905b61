"""What keeps a draft from being activated: each problem as data, with its remedy."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from shared.api.base import Gap
from shared.api.fields import FieldOut
from shared.api.workflows import BlockIn, DefinitionIn
from shared.events.records import RecordType
from shared.rules.checking import problems_of as problems_of_rule
from shared.rules.model import fields_of
from shared.rules.reading import gaps_of
from workflow_engine.blocks.base import BlockSettings
from workflow_engine.blocks.begin import BeginSettings
from workflow_engine.blocks.presets import PresetSettings
from workflow_engine.blocks.registry import BLOCKS
from workflow_engine.clients.connector import OfferedPreset
from workflow_engine.workflows.graph_checks import shape_problems

Presets = Mapping[str, OfferedPreset]


def problems_of(definition: DefinitionIn, object_type: RecordType, presets: Presets, fields: Sequence[FieldOut]) -> list[Gap]:
    """Return everything that is wrong; an empty list means that the definition may be activated.

    `fields` are those of the object type.
    """
    gaps = list(shape_problems(definition))
    for block in definition.blocks:
        if block.type in BLOCKS:
            gaps += _block_problems(block, object_type, presets, fields)
    gaps += _unguarded(definition)
    return gaps


def _block_problems(block: BlockIn, object_type: RecordType, presets: Presets, fields: Sequence[FieldOut]) -> Iterator[Gap]:
    kind = BLOCKS[block.type]
    if object_type not in kind.object_types:
        remedy = f"Use it in a workflow for {' or '.join(sorted(kind.object_types))}."
        yield Gap(field=f"blocks.{block.id}.type", message=f"{kind.title} cannot work on records of type {object_type}", remedy=remedy)
    try:
        settings = kind.settings_model.model_validate(block.settings)
    except ValidationError as error:
        yield from _setting_problems(block, error)
    else:
        yield from _preset_problems(block, settings, presets)
        yield from _rule_problems(block, settings, fields)


def _setting_problems(block: BlockIn, error: ValidationError) -> Iterator[Gap]:
    yield from gaps_of(error, block.settings, place=f"blocks.{block.id}.settings")


def _rule_problems(block: BlockIn, settings: BlockSettings, fields: Sequence[FieldOut]) -> Iterator[Gap]:
    if isinstance(settings, BeginSettings) and settings.rule is not None:
        types = {field.key: field.data_type for field in fields}
        silent = {field.key: "is kept out of history, so nobody is told when it changes" for field in fields if not field.history}
        yield from problems_of_rule(settings.rule, types, place=f"blocks.{block.id}.settings.rule", closed=silent)


def _preset_problems(block: BlockIn, settings: BlockSettings, presets: Presets) -> Iterator[Gap]:
    if not isinstance(settings, PresetSettings):
        return
    field = f"blocks.{block.id}.settings"
    fitting = ", ".join(sorted(key for key, offered in presets.items() if offered.block == block.type)) or "none there is"
    preset = presets.get(settings.preset)
    if preset is None or preset.block != block.type:
        what = "there is no preset" if preset is None else "another kind of block has the preset"
        yield Gap(field=f"{field}.preset", message=f"{what} {settings.preset!r}", remedy=f"Use one of: {fitting}.")
        return
    for key in preset.inputs:
        given = settings.inputs.get(key)
        if given is None or not (given.variable or given.value):
            yield Gap(field=f"{field}.inputs.{key}", message=f"the input {key!r} is not set", remedy="Type a value, or name a variable.")
    for key in sorted(settings.inputs.keys() - set(preset.inputs)):
        yield Gap(field=f"{field}.inputs.{key}", message=f"{preset.name} has no input {key!r}", remedy="Remove this input.")


def _unguarded(definition: DefinitionIn) -> Iterator[Gap]:
    """Ask for a rule at Begin where a block destroys: it is checked again right before each deletion."""
    destructive = [block.id for block in definition.blocks if block.type in BLOCKS and BLOCKS[block.type].destructive]
    for block in definition.blocks:
        if block.type == "begin" and destructive:
            try:
                begin = BeginSettings.model_validate(block.settings)
            except ValidationError:
                continue
            if begin.rule is None or not fields_of(begin.rule):
                message = f"{', '.join(map(repr, destructive))} destroys, and Begin has no rule about a field: it would meet everybody"
                yield Gap(field=f"blocks.{block.id}.settings.rule", message=message, remedy="Say with a rule for whom the workflow is.")
