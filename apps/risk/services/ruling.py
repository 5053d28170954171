"""The rules as operators set them: what a clue counts, and from which score on a reward is held."""

from __future__ import annotations

from apps.base import judging
from apps.risk.models import Policy, Rule
from mall.errors import Faulty


class RuleRefused(Faulty):
    """A rule that no shop can mean; ``faults`` say at which figure."""

    code = "risk_rule_refused"


class PolicyRefused(Faulty):
    """A score that holds nothing or everything."""

    code = "risk_policy_refused"


def check_policy(policy: Policy) -> None:
    """Hold the policy against its bounds. Raises PolicyRefused."""
    judging.refuse(PolicyRefused, policy, exclude={"id"})


def save_policy(policy: Policy) -> Policy:
    """Save the one row. Raises PolicyRefused."""
    policy.pk = 1
    check_policy(policy)
    policy.save()
    return policy


def save_rule(rule: Rule) -> Rule:
    """Save a rule; rewards that were looked at keep what they counted. Raises RuleRefused."""
    judging.refuse(RuleRefused, rule)
    rule.save()
    return rule
