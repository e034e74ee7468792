"""A small invented organisation as `PacketData`: every kind of outcome, gap and listing row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evidence.manifest.capture_file import CaptureFile
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Gap, GapReason, Receipt, Total
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.change import Change, ChangeKind, Link, LinkKind, MergeMethod, Strength
from evidence.model.check import CheckRun
from evidence.model.determination import Determination, Outcome, SubjectKind
from evidence.model.production import (
    DeploymentKind,
    ImageChange,
    ProductionDeployment,
    RevisionRange,
)
from evidence.model.pull_request import PullRequest, PullRequestCommit, PullRequestEvent, Review
from evidence.model.ticket import Ticket, TicketEvent
from evidence.report.data import (
    ControlEntry,
    GapRecord,
    Key,
    PacketData,
    Period,
    Reconciliation,
    ScopeItem,
    Yardstick,
)

HOUR = 3_600_000_000
DAY = 24 * HOUR
START = 1_772_319_600_000_000  # 2026-02-28T23:00:00Z, midnight of 1 March in Berlin
END = 1_774_994_400_000_000  # 2026-03-31T22:00:00Z, after the change to summer time

CONTROLS = ("CM-01", "CM-02", "CM-03", "CM-04", "CM-05", "CM-06", "CM-14")


def actor(name: str, number: int, kind: ActorType = ActorType.USER) -> Actor:
    return Actor(system="github.test", id=str(number), type=kind, login=name)


ADA = actor("ada-example", 101)
BOB = actor("bob-example", 102)
CYD = actor("cyd-example", 103)
BOT = actor("bump-bot-example", 900, ActorType.BOT)
DEPLOYER = actor("argocd-example", 950, ActorType.APP)


def sha(seed: int) -> str:
    return f"{seed:040x}"


def change(number: int, **fields: Any) -> Change:
    merged = START + number * DAY
    base: dict[str, Any] = {
        "change_id": f"shop:pr:{number}",
        "kind": ChangeKind.PULL_REQUEST,
        "repository": "shop",
        "number": number,
        "commits": (sha(number * 16),),
        "branch": "main",
        "landing_sha": sha(number * 16),
        "base_sha": sha(number * 16 - 16),
        "head_sha": sha(number * 16 + 1),
        "merge_method": MergeMethod.SQUASH,
        "title": f"Show delivery dates in step {number}",
        "url": f"https://github.test/acme-example/shop/pull/{number}",
        "author": ADA,
        "created_at": merged - 5 * HOUR,
        "merged_at": merged,
        "merged_by": BOB,
        "deployments": (f"argocd:uid-1:{merged + HOUR}",),
        "first_deployed_at": merged + HOUR + 90_000_000,
    }
    return Change(**{**base, **fields})


def direct(seed: int) -> Change:
    return Change(
        change_id=f"shop:commit:{sha(seed)}",
        kind=ChangeKind.DIRECT,
        repository="shop",
        commits=(sha(seed),),
        branch="main",
        landing_sha=sha(seed),
        head_sha=sha(seed),
        merge_method=MergeMethod.DIRECT,
        title="Fix the till",
        change_type="direct",
        deployments=(f"argocd:uid-1:{START + 20 * DAY}",),
        first_deployed_at=START + 20 * DAY + HOUR,
    )


def chain(about: Change, **evidence: Any) -> Chain:
    number, entry = about.number, 10 * (about.number or 99)
    seen = {"entry_seq": entry, "observed_at": about.merged_at + 2 * HOUR}
    request = PullRequest(
        repository="shop", number=number, node_id=f"PR_{number}", url=about.url,
        title=about.title, body="Adds the date.", state="MERGED", author=about.author,
        created_at=about.created_at, updated_at=about.merged_at, merged_at=about.merged_at,
        closed_at=about.merged_at, merged_by=about.merged_by, base_ref="main",
        base_sha=about.base_sha, head_ref=f"step-{number}", head_sha=about.head_sha,
        head_repository="acme-example/shop", merge_sha=about.landing_sha, **seen,
    )  # fmt: skip
    review = Review(
        repository="shop", number=number, review_id=f"rv{number}", author=BOB, state="APPROVED",
        submitted_at=about.merged_at - HOUR, commit_sha=about.head_sha, can_push=True,
        association="MEMBER", body="Looks right.", entry_seq=entry + 1,
        observed_at=seen["observed_at"],
    )  # fmt: skip
    commit = PullRequestCommit(
        repository="shop", number=number, sha=about.head_sha, position=0, author=ADA,
        committer=Actor(system="git", id="ada@acme.example", type=ActorType.NAME_ONLY),
        author_email="ada@acme.example", committer_email="ada@acme.example",
        authored_at=about.created_at - HOUR, committed_at=about.created_at - HOUR, via_web=False,
        signature_valid=None, signed_by_source=None, **seen,
    )  # fmt: skip
    event = PullRequestEvent(
        repository="shop", number=number, event_id=f"e{number}", kind="HeadRefForcePushed",
        position=2, actor=ADA, at=about.created_at + HOUR, before_sha=sha(7), after_sha=sha(8),
        **seen,
    )  # fmt: skip
    check = CheckRun(
        repository="shop", sha=about.head_sha, kind="check_run", check_id=f"c{number}",
        name="unit tests", app="github-actions", app_id="15368", status="COMPLETED",
        conclusion="SUCCESS", started_at=about.created_at + HOUR,
        completed_at=about.created_at + 2 * HOUR, entry_seq=entry + 2,
        observed_at=seen["observed_at"],
    )  # fmt: skip
    ticket = Ticket(
        tracker="github", ticket_id=f"I_{number}", key=f"acme-example/shop#{number + 400}",
        url=f"https://github.test/acme-example/shop/issues/{number + 400}",
        title="Customers ask when it arrives", type="issue", project="acme-example/shop",
        state="CLOSED", state_reason="completed", author=CYD, created_at=about.created_at - DAY,
        updated_at=about.merged_at, closed_at=about.merged_at, labels=("ready",),
        entry_seq=entry + 3, observed_at=seen["observed_at"],
    )  # fmt: skip
    labelled = TicketEvent(
        tracker="github", ticket_id=f"I_{number}", event_id=f"l{number}", kind="labeled",
        actor=BOB, at=about.created_at - DAY // 2, current="ready", entry_seq=entry + 3,
    )  # fmt: skip
    base: dict[str, Any] = {
        "pull_request": request,
        "pull_request_versions": (request,),
        "reviews": (review,),
        "pull_request_commits": (commit,),
        "events": (event,),
        "checks": (check,),
        "tickets": (ticket,),
        "ticket_events": (labelled,),
    }
    if about.kind is ChangeKind.DIRECT:
        base = {"github_observed": True}
    links = (
        Link(kind=LinkKind.REQUEST, source=f"pr:shop:{number}",
             target=f"ticket:{ticket.key}", basis="closing_reference", strength=Strength.STRONG,
             detail="the forge lists it as closed by this pull request", entries=(entry,)),
        Link(kind=LinkKind.MERGE, source=f"commit:shop:{about.landing_sha}",
             target=f"pr:shop:{number}", basis="merge_commit", strength=Strength.PROVED,
             entries=(entry,)),
    )  # fmt: skip
    return Chain(
        evidence=ChangeEvidence(change=about, **{**base, **evidence}),
        links=links if number else (),
    )


def determination(control: str, about: str, outcome: Outcome, **fields: Any) -> Determination:
    base: dict[str, Any] = {
        "control": control,
        "subject_kind": SubjectKind.DEPLOYMENT if control == "CM-01" else SubjectKind.CHANGE,
        "subject": about,
        "outcome": outcome,
        "reason": "approved",
        "sentence": "bob-example approved head 000000000011 at 2026-03-02T22:00:00Z.",
        "entries": (10, 11),
        "rule_version": f"{control}/1",
    }
    return Determination(**{**base, **fields})


def deployment(about: Change, **fields: Any) -> ProductionDeployment:
    base: dict[str, Any] = {
        "deployment_id": about.deployments[0],
        "application": "shop",
        "environment": "production",
        "kind": DeploymentKind.FORWARD,
        "started_at": about.first_deployed_at - 90_000_000,
        "finished_at": about.first_deployed_at,
        "phase": "Succeeded",
        "initiator": DEPLOYER,
        "automated": True,
        "ranges": (
            RevisionRange(repository="shop", path="", previous=about.base_sha,
                          revision=about.landing_sha, kind=DeploymentKind.FORWARD,
                          commits=about.commits, basis="tag_contains_sha",
                          strength=Strength.STRONG, through="registry.test/acme-example/shop"),
        ),
        "images": (
            ImageChange(image="registry.test/acme-example/shop", file="kustomization.yaml",
                        field="images[0].newTag", old=about.base_sha[:12],
                        new=about.landing_sha[:12], repository="shop", basis="tag_contains_sha",
                        strength=Strength.STRONG),
        ),
        "changes": (about.change_id,),
        "origins": ("history",),
        "entries": (5,),
    }  # fmt: skip
    return ProductionDeployment(**{**base, **fields})


def _judged(about: Change) -> list[Determination]:
    """Passes, with the deviations and unknowns of the three changes that have some."""
    odd: dict[tuple[str, str], dict[str, Any]] = {
        ("shop:pr:2", "CM-03"): {
            "outcome": Outcome.FAIL, "reason": "no-approval",
            "sentence": "No review by anyone but the contributors was in force at the merge.",
            "flags": ("self-merge",),
        },
        ("shop:pr:2", "CM-04"): {
            "outcome": Outcome.NOT_APPLICABLE, "reason": "no-approval",
            "sentence": "There is no counting approval; it is counted at CM-03.",
        },
        ("shop:pr:4", "CM-06"): {
            "outcome": Outcome.UNKNOWN, "reason": "checks-not-collected",
            "sentence": "The checks of head 000000000041 were not read.",
            "missing": "Give the GitHub credential read access to checks of acme-example/shop.",
            "entries": (),
        },
        ("shop:pr:5", "CM-06"): {
            "outcome": Outcome.UNKNOWN, "reason": "checks-not-collected",
            "sentence": "The checks of head 000000000051 were not read.",
            "missing": "Give the GitHub credential read access to checks of acme-example/shop.",
            "entries": (),
        },
    }  # fmt: skip
    rows = []
    for control in CONTROLS[1:]:
        fields = odd.get((about.change_id, control), {"outcome": Outcome.PASS})
        if about.kind is ChangeKind.DIRECT and control == "CM-03":
            fields = {
                "outcome": Outcome.FAIL, "reason": "no-pull-request", "entries": (3,),
                "sentence": "The commit reached main without a pull request.",
            }  # fmt: skip
        rows.append(determination(control, about.change_id, **fields))
    return rows


def make_packet(**fields: Any) -> PacketData:
    changes = [*(change(number) for number in range(1, 6)), direct(0xD1)]
    waiting = change(9, deployments=(), first_deployed_at=0, title="Wait for the next release")
    deployments = [deployment(row) for row in changes]
    determinations: dict[str, list[Determination]] = {
        row.change_id: _judged(row) for row in [*changes, waiting]
    }
    for row in deployments:
        determinations[row.deployment_id] = [
            determination("CM-01", row.deployment_id, Outcome.PASS, reason="resolved",
                          sentence="Each of 1 commits maps to one change.")
        ]  # fmt: skip
    everything = sorted([*changes, waiting], key=lambda row: row.change_id.encode())
    base: dict[str, Any] = {
        "entity": "Acme Example Ltd",
        "period": Period(from_us=START, to_us=END, zone="Europe/Berlin",
                         first_day="2026-03-01", last_day="2026-03-31"),
        "as_of": END,
        "ledger_size": 1_234,
        "checkpoint": "evidence.acme.example\n1234\nAAECAwQFBgcICQoLDA0ODw==\n",
        "tool_version": "0.1.0",
        "exporter": "audit-liaison@acme.example",
        "simulated": True,
        "keys": (Key(purpose="packet (Ed25519)", fingerprint="SHA256:AAAA-example"),),
        "yardsticks": (
            Yardstick(kind="policy", digest="ab" * 32, since_seq=0, since_us=START - DAY,
                      text='{\n  "approvals_required": 1\n}'),
            Yardstick(kind="link rules", digest="links/1"),
        ),
        "controls": tuple(_control(control) for control in CONTROLS),
        "scope": (
            ScopeItem(kind="repository", id="shop", detail="acme-example/shop, branch main"),
            ScopeItem(kind="application", id="shop", detail="environment production"),
            ScopeItem(kind="repository", id="handbook", in_scope=False,
                      reason="no software; decided by the CTO on 2026-01-10"),
        ),
        "receipts": (_receipt(),),
        "gaps": (
            GapRecord(gap=Gap(source="github", kind="github.checks", key="*",
                              reason=GapReason.FORBIDDEN, detail="Checks may not be read.",
                              window_from=START, window_to=END), opened_at=START + DAY,
                      entry_seq=77),
            GapRecord(gap=Gap(source="argocd", kind="argocd.application", key="uid-1",
                              reason=GapReason.UNAVAILABLE, detail="No answer within 30 s."),
                      opened_at=START + DAY, closed_at=START + 2 * DAY),
        ),
        "reconciliations": (
            Reconciliation(id="R1", what="Commits of deployments against changes",
                           numbers=(("commits", 6), ("mapped", 6)), unexplained=0,
                           command="git rev-list --count PREVIOUS..REVISION"),
            Reconciliation(id="R4", what="Numbers of pull requests without a hole",
                           numbers=(("holes", 2),), unexplained=2, advisory=True),
            Reconciliation(id="R9", what="Repositories found against repositories in scope",
                           note="The credential sees selected repositories only."),
        ),
        "population": changes,
        "undeployed": [waiting],
        "deployments": deployments,
        "chains": [chain(row) for row in everything],
        "determinations": determinations,
        "captures": [
            CaptureFile(seq=5, envelope='{"kind":"argocd.application"}', salt=bytes(32),
                        payload=b'{"metadata":{}}', proof=(bytes(range(32)),)),
        ],
        "filters": (("deployments to staging", 11),),
    }  # fmt: skip
    return PacketData(**{**base, **fields})


def with_title(data: PacketData, title: str) -> PacketData:
    """The same packet with `title` on every change, chain and ticket."""
    chains = []
    for row in data.chains:
        evidence = row.evidence
        chains.append(
            replace(
                row,
                evidence=replace(
                    evidence,
                    change=replace(evidence.change, title=title, url=title),
                    tickets=tuple(replace(t, title=title, url=title) for t in evidence.tickets),
                ),
            )
        )
    return replace(
        data,
        population=[replace(row, title=title, url=title) for row in data.population],
        undeployed=[replace(row, title=title, url=title) for row in data.undeployed],
        chains=chains,
    )


def _control(control: str) -> ControlEntry:
    return ControlEntry(
        id=control,
        wording=f"Our wording of {control}: each change is looked at by another person.",
        criteria=("CC8.1", "A.8.32"),
        unit=SubjectKind.DEPLOYMENT if control == "CM-01" else SubjectKind.CHANGE,
        rule_version=f"{control}/1",
        parameters=(("approvals_required", "1"),) if control == "CM-03" else (),
        entity_id="ENG-7" if control == "CM-03" else "",
        entity_wording="Every change is approved by a second engineer."
        if control == "CM-03"
        else "",
        owner="Head of Engineering" if control == "CM-03" else "",
    )


def _receipt() -> Receipt:
    return Receipt(
        run_id="run-1", source="github", collector="github", collector_version="1",
        started_at=START + DAY, finished_at=START + DAY + 60_000_000, window_from=0,
        window_to=START + DAY, pages=2, calls=5, retries=1, objects_read=6, versions_new=6,
        objects_unchanged=0, gaps=1,
        totals=(Total(kind="github.pull_request", scope="acme-example/shop", reported=6, stored=6),),
        credential="app audit-reader-example (installation 12)", policy_digest="ab" * 32,
        complete=False, error="checks may not be read",
    )  # fmt: skip


def make_small(**fields: Any) -> PacketData:
    """One change and nothing around it: for tests that render a packet of their own."""
    about = change(1)
    base: dict[str, Any] = {
        "population": [about],
        "undeployed": (),
        "deployments": [deployment(about)],
        "chains": [chain(about)],
        "determinations": {about.change_id: _judged(about)},
        "controls": (_control("CM-03"),),
        "receipts": (),
        "yardsticks": (),
        "scope": (),
    }
    return make_packet(**{**base, **fields})
