"""What a ruling on a disposition says: its code, what that means and what to do about it."""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """One code's meaning; `fix` is one imperative sentence, empty where there is nothing to do."""

    meaning: str
    fix: str = ""


ACCEPTED = "accepted"

RULINGS: dict[str, Meaning] = {
    ACCEPTED: Meaning(
        "A valid disposition covers the deviation. It stays a deviation, and is in the rate."
    ),
    "supported": Meaning(
        "Alternative evidence resolves what is unknown: a pass that is counted apart."
    ),
    "not-approved": Meaning(
        "Nobody has approved it.", "Have somebody independent run `evidence deviations approve`."
    ),
    "approved-later": Meaning(
        "It was recorded or approved after the moment as of which is judged.",
        "Judge as of a later moment with --as-of.",
    ),
    "self-approved": Meaning(
        "Whoever asked for it approved it.", "Have another person approve it."
    ),
    "approver-unmapped": Meaning(
        "The person map does not hold the account that approved it.",
        "Add `os:user:ACCOUNT` to the accounts of the [[person]].",
    ),
    "requester-unmapped": Meaning(
        "The person map does not hold the account that asked for it, so the approver may be the "
        "same person.",
        "Add `os:user:ACCOUNT` to the accounts of the [[person]].",
    ),
    "approver-left": Meaning(
        "Its approver had left by then.", "Have somebody approve it who is here."
    ),
    "approver-contributed": Meaning(
        "Its approver contributed to what it is about.", "Have somebody approve it who did not."
    ),
    "attached-later": Meaning(
        "It was attached after the moment as of which is judged.",
        "Judge as of a later moment with --as-of.",
    ),
    "attacher-unmapped": Meaning(
        "The person map does not hold the account that attached it.",
        "Add `os:user:ACCOUNT` to the accounts of the [[person]].",
    ),
    "attacher-left": Meaning(
        "Whoever attached it had left by then.", "Have somebody attach it who is here."
    ),
    "attacher-contributed": Meaning(
        "Whoever attached it contributed to what it is about.",
        "Have somebody attach it who did not.",
    ),
    "other-unknown": Meaning(
        "It was attached for an unknown with another reason code.",
        "Look at the unknown again and attach what resolves it.",
    ),
    "independence-open": Meaning(
        "Who contributed is not fully known, so whoever approved or attached it may have.",
        "Settle what CM-03 names as open: map the accounts and e-mails.",
    ),
    "out-of-scope": Meaning(
        "What it was limited to is not so here.", "Ask for a new one that fits the facts."
    ),
    "other-deviation": Meaning(
        "It was given for a deviation with another reason code.",
        "Look at the deviation again and ask for a new one.",
    ),
    "event-time-unknown": Meaning(
        "No server gave the time of the event, so it is not shown to lie in its validity.",
        "Have the forge's record of pushes read: the source needs the permission administration.",
    ),
    "not-in-force": Meaning(
        "The event lies before or after its validity.", "Ask for one that covers the event."
    ),
    "too-long": Meaning(
        "Its validity is longer than the policy allows.",
        "Ask for a shorter one and renew it; the limit is policy.disposition_days.",
    ),
    "approved-late": Meaning(
        "Its class must be approved before the event, and it was not.",
        "Ask for one of a class that policy.accepted_afterwards names.",
    ),
    "evidence-missing": Meaning(
        "Its class asks for evidence that it does not have any more, or never had.",
        "Ask for a new one and attach the evidence.",
    ),
    "evidence-early": Meaning(
        "All of its evidence was stored before the event and cannot show that the compensating "
        "control operated then.",
        "Ask for a new one with evidence of that time.",
    ),
    "emergency-not-followed": Meaning(
        "It is an emergency by its class, and the emergency procedure (CM-12) did not pass.",
        "Follow the procedure to its end; then CM-12 passes.",
    ),
    "emergency-not-tested": Meaning(
        "It is an emergency by its class, and the tests of CM-06 did not pass in time afterwards.",
        "Ask for one of another class, if the policy allows that.",
    ),
    "revoked": Meaning("It was revoked."),
}
"""Code -> what it stands for. The first that applies is given, in the order of the checks."""


_ABOUT = (
    "Whether a disposition holds for a deviation, or alternative evidence for an unknown. None of "
    "these touches the outcome itself."
)


def as_markdown() -> str:
    """The table as the reference page on reason codes prints it."""
    lines = [
        "",
        "## Dispositions",
        "",
        _ABOUT,
        "",
        "| code | meaning | what to do |",
        "|---|---|---|",
        *(f"| `{code}` | {one.meaning} | {one.fix or '-'} |" for code, one in RULINGS.items()),
    ]
    return "\n".join(lines) + "\n"
