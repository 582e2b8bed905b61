"""The budget of one process that shares it with nobody: an agent's."""

from collections import defaultdict
from collections.abc import Callable

from typing_extensions import override

from connector.rates.limits import Policy, Spent
from connector.rates.waiting import REAL_TIME, Timing, WaitedFor


class OwnRates(WaitedFor):
    """Permits that are counted in memory: a restart forgets what was spent, and the source's own 429 then says so."""

    def __init__(self, policy: Policy, timing: Timing = REAL_TIME) -> None:
        super().__init__(policy, timing)
        self._spent: defaultdict[str, Spent] = defaultdict(Spent)

    @override
    async def _change(self, scope: str, change: Callable[[Spent], tuple[float, Spent]]) -> float:
        seconds, self._spent[scope] = change(self._spent[scope])
        return seconds
