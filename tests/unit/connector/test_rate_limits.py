"""Limits kept ahead of time: no window ever sees too much, nobody starves, and no time is given away."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.rates.forecast import forecast
from connector.rates.limits import LONGEST_SILENCE, Lane, Policy, Spent, accepted, refused, take, wait_for
from connector.rates.policy import DAY, ENFORCED, HOUR, POLICIES, RECOMMENDED

START = 1_700_000_000.0
ENFORCED_LIMITS, RECOMMENDED_LIMITS = [(60, 300), (DAY, 200_000)], [(1, 11), (HOUR, 1_000)]
arrivals = st.lists(st.tuples(st.floats(0, 40), st.sampled_from(["sync", "urgent"])), min_size=1, max_size=150)


def played(policy: Policy, asked: list[tuple[float, Lane]]) -> list[float]:
    """Return when each request was let through, if each asker comes so long after the one before it and then waits its turn."""
    spent, now, passed = Spent(), START, []
    for pause, lane in asked:
        now += pause
        now += wait_for(policy, spent, now, lane)
        spent = Spent.stored(take(policy, spent, now, lane).as_json())
        passed.append(now)
    return passed


def most_within(passed: list[float], seconds: float) -> int:
    """Return the most requests in any window of so many seconds."""
    most, start = 0, 0
    for end, moment in enumerate(passed):
        while passed[start] <= moment - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


@pytest.mark.parametrize("name", ["enforced", "recommended"])
@given(asked=arrivals, burst=st.integers(0, 700))
@settings(deadline=None, max_examples=40)
def test_no_window_ever_sees_too_much(name: str, asked: list[tuple[float, Lane]], burst: int) -> None:
    """Whoever comes when, in whichever lane, after a flood of either."""
    policy = POLICIES[name]  # type: ignore[index] # one of the keys
    passed = played(policy, [*((0.0, lane) for lane in ("sync", "urgent") for _ in range(burst)), *asked])
    for seconds, permits in ENFORCED_LIMITS:
        assert most_within(passed, seconds) <= permits
    assert all(before <= after for before, after in pairwise(passed))


@given(pauses=st.lists(st.floats(0, 40), max_size=60), burst=st.integers(0, 1_500))
@settings(deadline=None, max_examples=20)
def test_runs_keep_to_what_is_recommended(pauses: list[float], burst: int) -> None:
    """Ten a second and a thousand an hour, where they are asked for."""
    passed = played(RECOMMENDED, [*((0.0, "sync") for _ in range(burst)), *((pause, "sync") for pause in pauses)])
    for seconds, permits in RECOMMENDED_LIMITS:
        assert most_within(passed, seconds) <= permits


@given(asked=arrivals)
@settings(deadline=None, max_examples=40)
def test_whoever_waits_as_long_as_told_is_let_through(asked: list[tuple[float, Lane]]) -> None:
    """Nobody starves for the sake of rounding."""
    spent, now = Spent(), START
    for pause, lane in asked:
        now += pause
        now += wait_for(RECOMMENDED, spent, now, lane)
        assert wait_for(RECOMMENDED, spent, now, lane) <= 1e-6
        spent = take(RECOMMENDED, spent, now, lane)


@pytest.mark.parametrize("requests", [150, 200, 201, 250, 400, 1_000, 10_000])
def test_a_full_run_takes_hardly_longer_than_what_is_enforced_allows(requests: int) -> None:
    """Whatever its size: the reserve for people and workflows costs a run at most a twentieth."""
    took = played(ENFORCED, [(0.0, "sync")] * requests)[-1] - START
    allowed = max(0, requests - 200) / (100 / 60)
    assert took <= allowed * 1.05


@pytest.mark.parametrize(("requests", "allowed"), [(10, 0.9), (150, 14.9), (1_000, 480), (1_001, HOUR), (10_000, 9 * HOUR + 480)])
def test_a_full_run_takes_hardly_longer_than_what_is_recommended_allows(requests: int, allowed: float) -> None:
    """Ten a second and a thousand an hour, beside what is enforced. `allowed` in seconds."""
    assert played(RECOMMENDED, [(0.0, "sync")] * requests)[-1] - START <= allowed * 1.05


def test_a_person_does_not_wait_behind_a_run() -> None:
    """While a run takes all that it is given, a deletion passes within two seconds; once the run is some minutes old, twenty at once."""
    spent, now = Spent(), START
    for number in range(1_000):
        now += wait_for(ENFORCED, spent, now, "sync")
        spent = take(ENFORCED, spent, now, "sync")
        assert wait_for(ENFORCED, spent, now, "urgent") < 1, f"after {number + 1} requests"
    for _ in range(20):
        assert wait_for(ENFORCED, spent, now, "urgent") == 0
        spent = take(ENFORCED, spent, now, "urgent")
    for _ in range(20):
        wait = wait_for(ENFORCED, spent, now, "urgent")
        assert wait < 2
        now += wait
        spent = take(ENFORCED, spent, now, "urgent")


def test_silence_grows_with_each_refusal_and_is_forgotten_after_an_answer() -> None:
    """A source that names no time is asked less and less often, up to a bound; one that names it is obeyed."""
    spent, silences = Spent(), []
    for _ in range(12):
        spent = refused(spent, START, None)
        silences.append(spent.closed_until - START)
    assert silences[:4] == [2, 4, 8, 16]
    assert silences[-1] == LONGEST_SILENCE
    assert refused(accepted(spent), START + 1_000, None).closed_until == START + 1_002
    assert wait_for(ENFORCED, refused(Spent(), START, 37.0), START, "urgent") == 37


@given(requests=st.integers(1, 4_000), before=st.integers(0, 900), name=st.sampled_from(["enforced", "recommended"]))
@settings(deadline=None, max_examples=25)
def test_a_run_comes_out_as_it_was_forecast(requests: int, before: int, name: str) -> None:
    """Whatever was spent before it; within a twentieth."""
    policy, spent, now = POLICIES[name], Spent(), START  # type: ignore[index] # one of the keys
    for _ in range(before):
        now += wait_for(policy, spent, now, "sync")
        spent = take(policy, spent, now, "sync")
    told = forecast(policy, spent, now, requests, 0.05)
    began = now
    for _ in range(requests):
        now += wait_for(policy, spent, now, "sync")
        spent = take(policy, spent, now, "sync")
        now += 0.05
    assert told.seconds == pytest.approx(now - began, rel=0.05)
    assert told.hour_left is not None
    assert 0 <= told.hour_left <= 1
