"""Who may call: a credential with its tokens, switches and faults, and a record of what was asked."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.faults import Fault
from sophos_central_simulator.rate import RateLimit
from sophos_central_simulator.switches import Switches
from sophos_central_simulator.tokens import Tokens

RECENT = 5000
IdType = Literal["tenant", "partner", "organization"]


@dataclass(slots=True, kw_only=True)
class Caller:
    """One credential. `counts` has its API calls by method and path template, sign-ins apart; `recent` has both."""

    id_type: ClassVar[IdType]

    id: str
    client_id: str
    client_secret: str = field(repr=False)
    clock: Clock = field(repr=False)
    switches: Switches = field(default_factory=Switches)
    faults: list[Fault] = field(default_factory=list)
    rate: RateLimit = field(init=False, repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    sign_ins: int = 0
    recent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=RECENT), repr=False)
    _tokens: Tokens = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin with no token and no request."""
        self.rate = RateLimit(self.clock)
        self._tokens = Tokens(self.clock)

    def issue(self) -> tuple[str, str]:
        """Return a new access token and a refresh token."""
        return self._tokens.issue(self.id, self.client_id, self.switches.token_life)

    def accepts(self, access: str) -> bool:
        """Return whether an access token is this credential's and alive."""
        return self._tokens.alive(access)

    def refreshes(self, refresh: str) -> bool:
        """Return whether this is a refresh token of the credential."""
        return self._tokens.refreshes(refresh)

    def issued(self, access: str) -> bool:
        """Return whether an access token is or was this credential's."""
        return access in self._tokens

    def expire_tokens(self) -> None:
        """End every access token now."""
        self._tokens.expire()

    def forget_requests(self) -> None:
        """Count from zero."""
        self.counts.clear()
        self.recent.clear()
        self.sign_ins = 0
