"""Ruling on losses: a batch passes, or all of it waits in the tray."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mapper.guard.limits import Limits
from mapper.guard.losses import Loss, by_scope
from mapper.guard.scopes import Scope
from mapper.guard.tray import hold, waiting
from mapper.guard.weighing import crossed
from shared.api.guard import CrossedOut
from shared.unit import Unit


@dataclass(slots=True)
class Ruling:
    """What became of losses that were asked for. Those that passed are for the caller to make, and to enter."""

    passed: list[Loss] = field(default_factory=list)
    held: list[Loss] = field(default_factory=list)


async def rule_on(unit: Unit, limits: Limits, losses: Sequence[Loss]) -> Ruling:
    """Let losses pass, or hold them. The caller has locked their scopes (`scopes.locked`).

    The losses of one scope pass together or not at all; who waits in the tray already goes on waiting, whatever the limit says.
    """
    ruling = Ruling()
    for scope, mine in by_scope(losses).items():
        await _rule(unit, limits, scope, mine, ruling)
    return ruling


async def _rule(unit: Unit, limits: Limits, scope: Scope, losses: Sequence[Loss], ruling: Ruling) -> None:
    held = await waiting(unit.session, [loss.record_id for loss in losses])
    stopped = {loss: CrossedOut.model_validate(held[loss.record_id][0].crossed) for loss in losses if loss.record_id in held}
    fresh = [loss for loss in losses if loss.record_id not in held]
    over = await crossed(unit.session, limits, scope, [loss.record_id for loss in fresh]) if fresh else None
    if over is None:
        ruling.passed += fresh
    else:
        stopped |= dict.fromkeys(fresh, over)
    if stopped:
        await hold(unit, scope, stopped, held)
        ruling.held += stopped
