"""CM-13: drift and acts beside the deployer were reverted, or had a ticket, in time."""

from __future__ import annotations

from evidence.controls.determine import on_event
from evidence.controls.words import clip, when, who
from evidence.model.determination import Determination
from evidence.model.event import OutOfBand
from evidence.policy import Policy

CONTROL = "CM-13"

_KINDS = {
    "drift": "differed from what was last synced",
    "self_heal": "was put back by its deployer",
    "write": "was written to beside its deployer",
    "suspended": "was taken out of its deployer's hands",
    "local_manifests": "got manifests that stand in no commit",
    "rollback": "was taken back to an older revision by hand",
}
_RESOLUTIONS = {"self_healed": "self-healed", "reverted": "reverted"}


def determine(event: OutOfBand, policy: Policy, as_of: int) -> Determination:
    """Put back, or ticketed, within the time from its begin; `as_of` microseconds UTC.

    Where the policy asks who made it, what nobody is known to have made stays unknown.
    """
    reason, sentence = _decide(event, policy, as_of)
    flags = _flags(event, reason)
    passed = reason in {"self-healed", "reverted", "event-ticket"}
    if passed and policy.attribution_required and event.actor is None:
        reason, sentence = "actor-unknown", f"{sentence} Who made it is not known."
    return on_event(
        CONTROL,
        event.event_id,
        reason,
        f"{lead(event)} {sentence}",
        entries={*event.entries, *({event.ticket_entry} if event.ticket else ())},
        flags=flags,
    )


def lead(event: OutOfBand) -> str:
    """What happened to which application, when, how often and by whom."""
    times = f", {event.count} times to {when(event.end)}" if event.count > 1 else ""
    made = f" by {who(event.actor)}" if event.actor else ""
    kind = _KINDS.get(event.kind, "was altered")
    return f"{clip(event.application)} {kind}{made} at {when(event.begin)}{times}: {_what(event)}."


def _what(event: OutOfBand) -> str:
    line = " ".join(event.what.split())
    return (line if len(line) <= 200 else line[:199] + "…") or "not said"


def _decide(event: OutOfBand, policy: Policy, as_of: int) -> tuple[str, str]:
    deadline = event.begin + policy.event_limit
    if 0 < event.resolved_at <= min(deadline, as_of):
        word = "put back" if event.resolution == "self_healed" else "seen as synced again"
        return _RESOLUTIONS[event.resolution], f"It was {word} at {when(event.resolved_at)}."
    if event.ticket:
        return "event-ticket", f"Ticket {clip(event.ticket)} names it."
    if as_of < deadline:
        return "event-pending", f"The time for it ends at {when(deadline)}."
    if event.shown_by_looks and event.end < deadline:
        return "event-open", f"No look at {when(deadline)} or later shows that it still stood."
    if event.trackers_read_to < deadline:
        return "tracker-not-read", "It was not put back in time, and tickets were not read so far."
    return "not-resolved", f"By {when(deadline)} it was not put back, and no ticket names it."


def _flags(event: OutOfBand, reason: str) -> list[str]:
    flags = ["actor-unknown"] if event.actor is None else []
    if event.count > 1:
        flags.append("grouped")
    if reason == "event-ticket":
        flags.append("ticket-inferred")
    return flags
