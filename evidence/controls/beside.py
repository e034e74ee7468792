"""Controls of changes and deployments, as they are tested on an event that is no change.

What was written to production beside its deployers stands in no commit (CM-01). A rollback by hand
brings no change that a ticket could be linked to, and is asked for all the same (CM-02).
"""

from __future__ import annotations

from evidence.controls.attributes.cm_13 import lead
from evidence.controls.determine import on_event
from evidence.controls.words import clip, when
from evidence.model.determination import Determination
from evidence.model.event import OutOfBand
from evidence.policy import Policy


def traced(event: OutOfBand, policy: Policy, as_of: int) -> Determination:
    """CM-01: what was not put back in time altered production with no commit.

    A ticket answers for it (CM-13) and makes no commit of it.
    """
    deadline = event.begin + policy.event_limit
    if 0 < event.resolved_at <= min(deadline, as_of):
        reason, told = "put-back", f"It was put back at {when(event.resolved_at)}."
    elif as_of < deadline:
        reason, told = "event-pending", f"The time to put it back ends at {when(deadline)}."
    elif event.shown_by_looks and event.end < deadline:
        reason, told = "event-open", f"No look at {when(deadline)} or later shows that it stood."
    else:
        reason, told = "no-commit", "It was not put back in time, and stands in no commit."
    sentence = f"{lead(event)} {told}"
    return on_event("CM-01", event.event_id, reason, sentence, entries=event.entries)


def requested(event: OutOfBand, policy: Policy, as_of: int) -> Determination:
    """CM-02: a ticket that names the application was there before production was taken back."""
    del as_of
    entries, flags = set(event.entries), ["actor-unknown"] if event.actor is None else []
    if not policy.ticket_required:
        reason, told = "ticket-not-required", "The policy requires no ticket."
    elif event.ticket:
        reason, told = "event-ticket", f"Ticket {clip(event.ticket)} named it before."
        entries.add(event.ticket_entry)
        flags.append("ticket-inferred")
    elif event.trackers_read_to < event.begin:
        reason, told = "tracker-not-read", "Tickets were not read so far."
    else:
        reason, told = "no-ticket", "It brought no change, and no ticket named it before."
    sentence = f"{lead(event)} {told}"
    return on_event("CM-02", event.event_id, reason, sentence, entries=entries, flags=flags)
