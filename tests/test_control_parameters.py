"""The parameters of controls in words that the reader of a packet knows."""

from __future__ import annotations

from evidence.assembly.controls import control_entries
from evidence.policy import Policy, RequiredScan, Waiver

DAY = 86_400_000_000
JULY = 1_782_864_000_000_000


def parameters(control: str, policy: Policy) -> dict[str, str]:
    (found,) = [one for one in control_entries(policy) if one.id == control]
    return dict(found.parameters)


def test_required_scans_say_what_is_asked_of_what():
    image = RequiredScan(
        tool="trivy",
        subject="image",
        repositories=("shop",),
        needs_database=True,
        complete_from=JULY,
    )
    leaks = RequiredScan(tool="gitleaks", max_age=0)
    assert parameters("CM-07", Policy(required_scans=(image, leaks)))["required_scans"] == (
        "trivy on the image for shop, nothing open at or over high, at most 30 d old, with its "
        "database named, every result handed over from 2026-07-01T00:00:00Z; "
        "gitleaks on the commit, nothing open at or over high"
    )


def test_waivers_say_what_is_accepted_until_when_by_whom_and_why():
    one = Waiver(
        id="openssl",
        rule="CVE-2026-0001",
        repository="shop",
        package="openssl",
        version="3.5.0",
        approved_by="Example Person",
        valid_from=JULY,
        valid_to=JULY + 90 * DAY,
        reason="It is not called.",
    )
    assert parameters("CM-07", Policy(waivers=(one,)))["waivers"] == (
        "openssl: CVE-2026-0001 openssl 3.5.0 in shop, approved by Example Person, from "
        "2026-07-01T00:00:00Z until 2026-09-29T00:00:00Z: It is not called."
    )


def test_a_policy_without_scans_says_none():
    found = parameters("CM-07", Policy())
    assert ("none", "none") == (found["required_scans"], found["waivers"])
