"""The winner on the next `pulumi up --refresh` for what drifted. A forecast says how the hosts are brought there."""

from dataclasses import dataclass
from typing import Literal

from providers.explain.drift import EXISTS, OUTPUTS, SETTLED, Difference, Finding
from providers.explain.forecast import Forecast
from providers.rules.vocabulary.specs import OverlaySpec, Spec


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The winner: the stack file, what is there, or nobody, since `up` refuses it. `why` it is not the stack file."""

    wins: Literal["stack file", "there", "refused"]
    why: str = ""


STACK_FILE = Outcome(wins="stack file")
NOTHING_TO_DO = Outcome(wins="there", why="nothing has to change")
AGREED = Outcome(wins="there", why="the stack file says so by now")


def outcome(difference: Difference, found: Finding, wanted: Spec | None, forecast: Forecast) -> Outcome:
    """Say what becomes of a difference. `wanted`: by the stack file, or None if it has the resource no more."""
    refusal = protected(found, wanted) or forecast.problem
    if refusal:
        return Outcome(wins="refused", why=refusal)
    if wanted is not None and difference.property in (EXISTS, SETTLED):
        return STACK_FILE  # work on another resource may put it right
    if not forecast.stages:
        return NOTHING_TO_DO
    if wanted is None or difference.property in OUTPUTS:
        return STACK_FILE
    section, _, label = difference.property.partition(".")
    wish = getattr(wanted, section)
    return AGREED if difference.there == (wish.get(label) if label else wish) else STACK_FILE


def protected(found: Finding, wanted: Spec | None) -> str:
    """Say why a change is refused before anything is done, empty if it is not: as in the providers' check, and, if an
    overlay would be replaced, as by Pulumi's own protection.
    """
    if wanted is None or found.live is None or found.gone:
        return ""
    changed = found.live.protected_from(wanted)
    if isinstance(wanted, OverlaySpec) and wanted.protect and wanted.on_in_use == "refuse":
        changed |= found.live.changed(wanted) - wanted.UNPROTECTED
    what = f"{found.resource}: {', '.join(sorted(changed))}"
    return f"{what}: it is protected: set protect to false in one `pulumi up` before changing it" if changed else ""


def pending(found: Finding, wanted: Spec | None) -> bool:
    """Tell whether nothing drifted and yet the stack file wants something else than what is there."""
    if found.differences or found.unknown or found.live is None:
        return False
    return wanted is None or bool(found.live.changed(wanted))
