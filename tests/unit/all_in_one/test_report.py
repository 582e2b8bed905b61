"""The demo's verdict: a difference anywhere is a failure."""

import io

from rich.console import Console

from all_in_one.demo.report import Step, show


def test_a_count_that_differs_fails_the_step_and_is_shown() -> None:
    """A story that always agrees with itself would prove nothing."""
    step = Step(4, "Run it")
    step.same("added", 1000, 1000, 1000)
    assert step.holds
    step.same("People", 1000, 999)
    assert not step.holds
    out = io.StringIO()
    show(Console(file=out, width=100), step)
    assert "differs" in out.getvalue()


def test_the_simulator_has_a_say_of_its_own() -> None:
    """Rollcall agreeing with the expectation is not enough when Sophos says otherwise."""
    step = Step(7, "Offboard")
    step.same("lost in Sophos", 1, 1, 2)
    assert not step.holds
