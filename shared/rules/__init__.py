"""The one rule language: a tree of conditions, evaluated in memory or compiled to SQL from the same definition."""

from shared.rules.days import At
from shared.rules.evaluate import Predicate, matches
from shared.rules.model import All, Any_, Condition, Not, Operator, Rule

__all__ = ["All", "Any_", "At", "Condition", "Not", "Operator", "Predicate", "Rule", "matches"]
