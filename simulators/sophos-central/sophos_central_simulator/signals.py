"""The events of a tenant as time goes by: each follows from the seed and its number; only what a tester adds is kept."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.fleet import Fleet
from sophos_central_simulator.people import EPOCH
from sophos_central_simulator.signal_kinds import ALERTING, PLAIN, Kind
from sophos_central_simulator.spread import Dice, SpreadIds, key_of

Position = tuple[int, int]
"""Where an event stands among all: when (milliseconds), and its number."""

DAY = 86_400_000
"""Milliseconds."""
ORIGIN = int(EPOCH.timestamp()) * 1000
NUMBERS = 1 << 32
FIRST_MADE = NUMBERS // 2
"""Numbers of the events that a tester adds begin here."""
MIXER = 2_654_435_761
"""Odd, so that it takes each number to another: ids do not betray the order of events."""
ALERT_EVERY = 5
MOST_MADE = 100_000


@dataclass(frozen=True, slots=True)
class Signal:
    """One event: of which kind, on the device of which index, and when."""

    kind: Kind
    device: int
    position: Position

    @property
    def at(self) -> datetime:
        """When it happened."""
        return datetime.fromtimestamp(self.position[0] / 1000, UTC)


class Signals:
    """Every event of one tenant, oldest first. The clock brings new ones, `per_day` of them each day; without devices there are none."""

    def __init__(self, seed: int, domain: str, per_day: int, fleet: Fleet, clock: Clock) -> None:
        self._key, self._ids = key_of(seed, domain, "events"), SpreadIds(key_of(seed, domain, "event ids"), NUMBERS)
        self._per_day, self._fleet, self._clock = per_day if fleet.ever else 0, fleet, clock
        self._made: list[Signal] = []
        self._closed: set[int] = set()

    def after(self, position: Position, *, alerts: bool = False) -> Iterator[Signal]:
        """Give what happened after a position until now; with `alerts` only what raised one."""
        now = self._now()
        made = self._made[bisect_right(self._made, position, key=lambda signal: signal.position) :]
        some = (signal for signal in made if signal.kind.category or not alerts)
        return merge(self._generated(position, now, alerts=alerts), some, key=lambda signal: signal.position)

    def add(self, kind: Kind, device: int) -> Signal:
        """Let something happen now. Raises `ValueError` when there is no room for more."""
        if len(self._made) >= MOST_MADE:
            raise ValueError(f"more than {MOST_MADE} events cannot be added")
        at = max(self._now(), self._made[-1].position[0] if self._made else 0)
        signal = Signal(kind, device, (at, FIRST_MADE + len(self._made)))
        self._made.append(signal)
        return signal

    def id_of(self, signal: Signal) -> str:
        """Return the id of an event, which is its alert's too."""
        return self._ids.at(signal.position[1] * MIXER % NUMBERS)

    def named(self, one: str) -> Signal | None:
        """Return the event of an id; None when there is none, or not yet."""
        mixed = self._ids.index_of(one)
        if mixed is None:
            return None
        number = mixed * pow(MIXER, -1, NUMBERS) % NUMBERS
        if number >= FIRST_MADE:
            return self._made[number - FIRST_MADE] if number - FIRST_MADE < len(self._made) else None
        signal = self._at(number) if self._per_day else None
        return signal if signal is not None and signal.position[0] <= self._now() else None

    def close(self, signal: Signal) -> None:
        """Somebody dealt with the alert."""
        self._closed.add(signal.position[1])

    def is_closed(self, signal: Signal) -> bool:
        """Return whether somebody dealt with the alert."""
        return signal.position[1] in self._closed

    def is_on_server(self, signal: Signal) -> bool:
        """Return whether it happened on a server."""
        return self._fleet.is_server(signal.device)

    def _generated(self, position: Position, until: int, *, alerts: bool) -> Iterator[Signal]:
        if not self._per_day:
            return
        step = ALERT_EVERY if alerts else 1
        # The first that is not before the moment; those of the very moment may be at or before the position.
        number = max(-(-(position[0] - ORIGIN) * self._per_day // DAY), 0)
        number += -number % step
        while (signal := self._at(number)).position[0] <= until:
            if signal.position > position:
                yield signal
            number += step

    def _at(self, number: int) -> Signal:
        dice = Dice(self._key, number)
        kinds = ALERTING if number % ALERT_EVERY == 0 else PLAIN
        kind, device = kinds[dice.below(len(kinds))], dice.below(self._fleet.ever)
        return Signal(kind, device, (ORIGIN + number * DAY // self._per_day, number))

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
