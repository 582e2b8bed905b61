"""Inputs as an agent is told them: like everything here but secrets, they may leave the house."""

from collections.abc import Iterable

from connector.sources.base import Input
from shared.api.agents import AgentInput


def shown_inputs(inputs: Iterable[Input]) -> list[AgentInput]:
    """Return inputs as an agent is told them."""
    return [AgentInput(key=given.key, value=given.value, variable=given.variable) for given in inputs]
