"""Decisions taken apart for tests: steps, waits, reasons to be blocked."""

from providers.rules.vocabulary.steps import Blocked, Decision, Done, Step, Steps, Wait


def steps(decision: Decision) -> tuple[Step, ...]:
    """The steps to perform."""
    assert isinstance(decision, Steps), decision
    return decision.steps


def kinds(decision: Decision) -> list[str]:
    """The kinds of the steps to perform."""
    return [type(step).__name__ for step in steps(decision)]


def reason(decision: Decision) -> str:
    """Return the reason why it is blocked."""
    assert isinstance(decision, Blocked), decision
    return decision.reason


def waits_for(decision: Decision) -> str:
    """Return what it waits for."""
    assert isinstance(decision, Wait), decision
    return decision.for_what


def todo(decision: Decision) -> tuple[Step, ...]:
    """The steps to perform, none if all is done."""
    return () if decision == Done() else steps(decision)
