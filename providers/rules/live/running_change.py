"""The swarm's label that a change goes on: who began it, and whether this run may go on with it.

Two states may bear one name, each with the owner's name in it, and both may know what is there. A run goes on with a
change that has the digest of its own stack file, and with one that a refresh found and wrote into its state; every
other it leaves alone. It writes its own digest before it goes on, so that a run that still works there stops. A label
without a digest, as 0.1.0 wrote it, may be anybody's: what is missing is made, and nothing that is there is removed for
it.
"""

from providers.rules.vocabulary.facts import Swarm
from providers.rules.vocabulary.labels import CHANGE, Change, change_on
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import Decision, Steps, UpdateSwarm

FINISH_ELSEWHERE = (
    "`pulumi login` where its state is and run `pulumi up` there, or run it here with the stack file that the change "
    "began with"
)


def label(spec: Spec) -> tuple[str, str]:
    """Return the label that this run writes."""
    return CHANGE, Change(spec.owner, spec.digest).text


def is_first_write(decision: Decision) -> bool:
    """Tell whether it is the first write of something that disturbs: that label."""
    steps = decision.steps if isinstance(decision, Steps) else ()
    return any(isinstance(step, UpdateSwarm) and CHANGE in dict(step.set_labels) for step in steps)


def is_noted(spec: Spec, swarm: Swarm) -> bool:
    """Tell whether the swarm carries that very label."""
    return label(spec) in swarm.labels


def may_go_on(spec: Spec, swarm: Swarm | None) -> bool:
    """Tell whether `create` may change what it finds under our own label though it differs: our own change is in the
    middle of it, or the state had it at the beginning of this run."""
    return spec.replaces or (swarm is not None and is_noted(spec, swarm))


def is_ours(owner: str, swarm: Swarm) -> bool:
    """Tell whether a change by this owner goes on, whatever state and stack file it was begun with."""
    change = change_on(swarm.labels)
    return change is not None and change.owner == owner


def other_stack_refusal(spec: Spec, swarm: Swarm) -> str | None:
    """Say which other stack is changing the swarm at this moment, or None if none is."""
    change = change_on(swarm.labels)
    if change is None or change.owner == spec.owner:
        return None
    return (
        f"{change.owner} is in the middle of a change of the swarm (label {CHANGE}): let it finish (run its "
        "`pulumi up` again), then run again"
    )


def describe_change(swarm: Swarm | None) -> str | None:
    """Say which change the swarm is in the middle of, or None if it is in none. A state that has this sentence may go
    on with that change."""
    change = change_on(swarm.labels) if swarm else None
    return f"the swarm is in the middle of a change (label {CHANGE}: {change.text})" if change else None


def other_state_refusal(spec: Spec, swarm: Swarm | None, *, known: bool) -> str | None:
    """Say that this stack is changing the swarm from another state or with another stack file; None if it is not, or
    if a refresh found that change. known: the state has the resource."""
    if swarm is None or not is_of_another_file(spec, swarm) or (describe_change(swarm) or "") in spec.seen:
        return None
    if not known:
        return (
            f"{spec.owner} is in the middle of a change that is not in this state (label {CHANGE}): {FINISH_ELSEWHERE}"
        )
    return (
        f"{spec.owner} is in the middle of a change with another stack file (label {CHANGE}): let it finish; "
        "if it was cut, `pulumi up --refresh` goes on from there"
    )


def take_over_change(spec: Spec, swarm: Swarm) -> Steps | None:
    """Put the own digest on a change of another stack file before it is gone on with: a run that still works on it
    then stops. None if the digest is the own one."""
    if not is_of_another_file(spec, swarm):
        return None
    step = UpdateSwarm(version=swarm.version, set_labels=(label(spec),))
    return Steps((step,), "label the swarm: change continues with another stack file")


def is_of_another_file(spec: Spec, swarm: Swarm) -> bool:
    """Tell whether a change by the same owner has the digest of another stack file."""
    change = change_on(swarm.labels)
    return change is not None and change.owner == spec.owner and change.digest not in ("", spec.digest)
