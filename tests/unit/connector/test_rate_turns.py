"""Turns at a limit: integrations one after the other, people before them, nobody never, and the limits hold whatever happens."""

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.rates.gate import LONGEST_NAP, ask
from connector.rates.lane import Asker
from connector.rates.limits import Policy, Spent, take
from connector.rates.policy import ENFORCED
from connector.rates.turns import GRACE, URGENT

START = 1_700_000_000.0
PEOPLE = Asker("urgent", URGENT)
SPENT_BURST = 200


@dataclass
class Played:
    """When each flow was let through, and how long each of its requests waited."""

    passed: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    waited: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def crowd(
    policy: Policy, askers: list[tuple[Asker, float, float]], seconds: float, *, burst: bool = False, dies: dict[int, float] | None = None
) -> Played:
    """Play requesters against one stored row. Each begins after so many seconds, and rests so long between its requests.

    Every look is a transaction of its own, as with replicas; `dies`: which requester is never heard of again, and after how long.
    """
    spent, played = Spent(), Played()
    for _ in range(0 if burst else SPENT_BURST):
        spent = take(policy, spent, START, "sync")
    looks = [(START + begins, number, START + begins) for number, (_, begins, _) in enumerate(askers)]
    heapq.heapify(looks)
    while looks:
        now, number, since = heapq.heappop(looks)
        asker, _, rest = askers[number]
        if now > START + seconds or now > START + (dies or {}).get(number, seconds):
            continue
        nap, spent = ask(policy, Spent.stored(spent.as_json()), now, asker)
        if nap:
            heapq.heappush(looks, (now + nap, number, since))
            continue
        played.passed[asker.flow].append(now)
        played.waited[asker.flow].append(now - since)
        heapq.heappush(looks, (now + rest, number, now + rest))
    return played


def a_run(name: str) -> Asker:
    """Return who asks in an integration's name."""
    return Asker("sync", name)


def most_in_a_minute(moments: list[float]) -> int:
    """Return the most requests in any minute."""
    return max((sum(end - 60 < moment <= end for moment in moments) for end in moments), default=0)


def test_integrations_of_one_scope_get_the_same_share() -> None:
    """However many requests each has in the air at once: one asks eight at a time, as for absences, another page by page."""
    askers = [(a_run("eight at once"), 0.0, 0.1)] * 8 + [(a_run("page by page"), 0.0, 0.3), (a_run("slow"), 0.0, 1.0)]
    passed = {flow: len(moments) for flow, moments in crowd(ENFORCED, askers, 600).passed.items()}
    assert sum(passed.values()) > 0.9 * 1_000
    assert min(passed.values()) > 0.8 * sum(passed.values()) / 3, passed


def test_an_integration_that_comes_later_waits_no_longer_than_the_others() -> None:
    """Who has run for an hour has no older right."""
    askers = [(a_run(f"early {number}"), 0.0, 0.05) for number in range(5)] + [(a_run("late"), 120.0, 0.05)]
    played = crowd(ENFORCED, askers, 600)
    assert played.waited["late"][0] < 6 * 0.625 + LONGEST_NAP
    assert len(played.passed["late"]) > 0.8 * len([moment for moment in played.passed["early 0"] if moment > START + 120])


def test_one_integration_alone_gets_everything() -> None:
    """Taking turns costs no permit."""
    passed = crowd(ENFORCED, [(a_run("only"), 0.0, 0.05)], 600).passed["only"]
    assert len(passed) >= 0.95 * 1_000


def test_people_wait_less_than_two_seconds_behind_runs() -> None:
    """Five runs take all that there is; somebody deletes one user every ten seconds: three requests each."""
    runs = [(a_run(f"run {number}"), 0.0, 0.05) for number in range(5)]
    deletions = [(PEOPLE, 5.0 + begins, 10.0) for begins in (0.0, 0.7, 1.4)]
    played = crowd(ENFORCED, runs + deletions, 600)
    assert len(played.waited[URGENT]) > 150
    assert max(played.waited[URGENT]) < 2


def test_runs_go_on_behind_a_flood_of_deletions() -> None:
    """A workflow that deletes thousands slows runs down; it does not stop them until their leases or people's patience end."""
    askers = [(a_run("one"), 0.0, 0.05), (a_run("other"), 0.0, 0.05), *[(PEOPLE, 0.0, 0.05)] * 10]
    played = crowd(ENFORCED, askers, 600)
    runs = sorted(played.passed["one"] + played.passed["other"])
    assert max(after - before for before, after in pairwise(runs)) < 6
    assert len(played.passed[URGENT]) > 3 * len(runs)


def test_a_replica_that_dies_in_the_queue_holds_nobody_up() -> None:
    """Its turn is given to the next one within seconds."""
    askers = [(a_run("dies"), 0.0, 0.05), (a_run("lives"), 0.0, 0.05)]
    lived = crowd(ENFORCED, askers, 120, dies={0: 30.0}).passed["lives"]
    assert max(after - before for before, after in pairwise(lived)) < LONGEST_NAP + GRACE + 1
    assert len(lived) > 100


askers_of_any_kind = st.lists(
    st.tuples(st.sampled_from([a_run("a"), a_run("b"), a_run("c"), PEOPLE]), st.floats(0, 30), st.floats(0.01, 20)), min_size=1, max_size=12
)


@given(askers=askers_of_any_kind, burst=st.booleans(), dies=st.dictionaries(st.integers(0, 11), st.floats(0, 60), max_size=4))
@settings(deadline=None, max_examples=60)
def test_the_limit_holds_and_nobody_starves_whoever_asks(
    askers: list[tuple[Asker, float, float]], burst: bool, dies: dict[int, float]
) -> None:
    """Any crowd of replicas, some of which die: no minute sees more than 300, and whoever lives is let through again and again."""
    played = crowd(ENFORCED, askers, 120, burst=burst, dies=dies)
    assert most_in_a_minute([moment for moments in played.passed.values() for moment in moments]) <= 300 - (
        0 if burst else SPENT_BURST - 100
    )
    for number, (asker, begins, _) in enumerate(askers):
        if number not in dies and begins < 60:
            assert played.passed[asker.flow], f"{asker.flow} was never let through"
