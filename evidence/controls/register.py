"""What the register of dispositions and responses tells without judging any of them."""

from __future__ import annotations

from evidence.model.determination import Determination, SubjectKind
from evidence.model.disposition import Disposition, Register, Response

NOTICES = (14, 3, 0)
"""Days before its end at which whoever answers for a disposition is told, ever more plainly."""
_DAY = 86_400_000_000


def ending(register: Register, now: int) -> tuple[tuple[Disposition, int], ...]:
    """Approved dispositions that end within two weeks, or did within the last two.

    Each with the whole days left (negative: since it ended), the first to end first. One that was
    revoked, or that an approved one renews, is left out.
    """
    approved = [one for one in register.dispositions if one.approvals and not one.revoked]
    renewed = {one.terms.renews for one in approved}
    left = [(one, (one.terms.valid_to - now) // _DAY) for one in approved if one.id not in renewed]
    near = [(one, days) for one, days in left if abs(days) <= NOTICES[0]]
    return tuple(sorted(near, key=lambda told: (told[0].terms.valid_to, told[0].id)))


def answers(register: Register, found: Determination) -> tuple[Response, ...]:
    """Management's responses to a deviation, oldest first."""
    names = {found.subject}
    if found.subject_kind is SubjectKind.INTERVAL:  # its times depend on what is looked at
        names.add(found.subject.rpartition(":")[0])
    return tuple(
        one
        for one in register.responses
        if one.terms.control == found.control and one.terms.subject in names
    )
