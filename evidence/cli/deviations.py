"""`evidence deviations`: what management says of deviations, and what was accepted by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from evidence.cli.deviation_words import rows_of, standing, state
from evidence.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    QuietOption,
    print_json,
    print_table,
    remark,
)
from evidence.model.disposition import DispositionClass

if TYPE_CHECKING:
    from evidence.deviations import Hand, Recorded

app = typer.Typer(
    no_args_is_help=True,
    help="Deviations, management's responses and dispositions. Whoever runs this is the account "
    "that the operating system knows, by the person map.",
)

_WAIVE = (
    "Asks for a disposition: it has no effect until somebody independent approves it.\n\n"
    "Example: evidence deviations waive CM-03 shop:pr:7 --class waiver --from 2026-07-20 --to "
    '2026-07-27 --cause "Bert is away" --response "Dora looks at it" --owner Carl --role CTO'
)
_RESPOND = (
    "Records management's response to a deviation. It stays a deviation.\n\n"
    'Example: evidence deviations respond CM-02 shop:pr:7 --text "Demanded since May." '
    '--owner "Carl Example" --role "Head of engineering"'
)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Disposition, such as D-1742.")]
ControlArgument = Annotated[str, typer.Argument(metavar="CONTROL", help="Such as CM-03.")]
CauseOption = Annotated[str, typer.Option(help="Root cause.")]
ImpactOption = Annotated[
    str, typer.Option(help="What it meant, and whether looking back it happened before.")
]
OwnerOption = Annotated[str, typer.Option(help="Who answers for it.")]
RoleOption = Annotated[str, typer.Option(help="The owner's role.")]
RemediationOption = Annotated[str, typer.Option(help="What is done about it.")]
DueOption = Annotated[str, typer.Option(help="When remediation is due: a date or RFC 3339 time.")]


@app.command("list")
def list_(config: ConfigOption = None, output: FormatOption = Format.TABLE) -> None:
    """Prints every deviation with its disposition, and every disposition.

    Example: evidence deviations list
    """
    from evidence.collecting import now
    from evidence.config.load import load
    from evidence.deviations import as_json, listing
    from evidence.report.text import utc, visible

    found = listing(load(config), now())
    if output is Format.JSON:
        print_json(as_json(found))
        return
    print_table(
        ("control", "on", "reason", "disposition", "responses"),
        [
            (
                one.determination.control,
                visible(one.determination.subject),
                one.determination.reason,
                standing(one),
                str(len(one.responses)),
            )
            for one in found.deviations
        ],
    )
    typer.echo()
    print_table(
        ("id", "class", "control", "valid from", "valid to", "state"),
        [
            (
                one.id,
                one.terms.kind,
                one.terms.control,
                utc(one.terms.valid_from),
                utc(one.terms.valid_to),
                state(one),
            )
            for one in found.register.dispositions
        ],
    )


@app.command("show")
def show(
    name: IdArgument, config: ConfigOption = None, output: FormatOption = Format.TABLE
) -> None:
    """Prints one disposition: what was asked for, by whom it was approved, what it comes to.

    Example: evidence deviations show D-1742
    """
    from evidence import deviations
    from evidence.collecting import now
    from evidence.config.load import load
    from evidence.report.text import visible

    found = deviations.show(deviations.listing(load(config), now()), name)
    if output is Format.JSON:
        print_json(deviations.as_json(found))
        return
    for label, value in rows_of(found.register.dispositions[0]):
        typer.echo(f"{label:<14}{visible(value)}")
    for one in found.deviations:
        for ruling in one.rulings:
            if ruling.disposition == name:
                told = f"{ruling.control} on {ruling.subject}: {ruling.reason}. {ruling.sentence}"
                typer.echo(visible(told))


@app.command("waive", help=_WAIVE)
def waive(
    control: ControlArgument,
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SUBJECT]...", help="Change, deployment, setting or event."),
    ] = None,
    kind: Annotated[DispositionClass, typer.Option("--class", help="Why it is accepted.")] = (
        DispositionClass.ACCEPTED_DEVIATION
    ),
    valid_from: Annotated[
        str, typer.Option("--from", help="From when it holds, by the event: date or time.")
    ] = "",
    valid_to: Annotated[str, typer.Option("--to", help="Until when, not included.")] = "",
    cause: CauseOption = "",
    impact: ImpactOption = "",
    response: Annotated[str, typer.Option(help="Management's response.")] = "",
    owner: OwnerOption = "",
    role: RoleOption = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE that must be so: repository, branch, author, path..."),
    ] = None,
    compensating: Annotated[str, typer.Option(help="The control that stood in.")] = "",
    evidence: Annotated[
        list[str] | None, typer.Option(help="File that shows it; may be given again.")
    ] = None,
    statement: Annotated[
        list[str] | None, typer.Option(help="What that file shows; one for each --evidence.")
    ] = None,
    link: Annotated[str, typer.Option(help="Ticket, rule or issue.")] = "",
    remediation: RemediationOption = "",
    due: DueOption = "",
    renews: Annotated[str, typer.Option(help="The disposition that this one follows.")] = "",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    from evidence import deviations
    from evidence.config.load import load

    wanted = deviations.Wanted(
        control=control,
        kind=kind,
        subjects=tuple(subjects or ()),
        scope=tuple(scope or ()),
        cause=cause,
        impact=impact,
        response=response,
        owner=owner,
        role=role,
        valid_from=valid_from,
        valid_to=valid_to,
        compensating=compensating,
        evidence=tuple(evidence or ()),
        statements=tuple(statement or ()),
        link=link,
        remediation=remediation,
        due=due,
        renews=renews,
    )
    _print(deviations.waive(load(config), wanted, _hand()), output, quiet=quiet)


@app.command("respond", help=_RESPOND)
def respond(
    control: ControlArgument,
    subject: Annotated[str, typer.Argument(help="Change, deployment, setting or event.")],
    text: Annotated[str, typer.Option(help="Management's response.")] = "",
    owner: OwnerOption = "",
    role: RoleOption = "",
    cause: CauseOption = "",
    impact: ImpactOption = "",
    remediation: RemediationOption = "",
    due: DueOption = "",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    from evidence import deviations
    from evidence.config.load import load
    from evidence.model.disposition import ResponseTerms

    terms = ResponseTerms(
        control=control,
        subject=subject,
        text=text,
        owner=owner,
        role=role,
        cause=cause,
        impact=impact,
        remediation=remediation,
    )
    _print(deviations.respond(load(config), terms, _hand(), due=due), output, quiet=quiet)


@app.command("approve")
def approve(
    name: IdArgument,
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Approves a disposition; it counts only by somebody who neither asked nor took part.

    Example: evidence deviations approve D-1742
    """
    from evidence import deviations
    from evidence.config.load import load

    _print(deviations.approve(load(config), name, _hand()), output, quiet=quiet)


@app.command("revoke")
def revoke(
    name: IdArgument,
    why: Annotated[str, typer.Option(help="Why; stands in the ledger for good.")] = "",
    config: ConfigOption = None,
    quiet: QuietOption = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Ends a disposition; what was waived before it happened stays as it was.

    Example: evidence deviations revoke D-1742 --why "Bert is back"
    """
    from evidence import deviations
    from evidence.config.load import load

    _print(deviations.revoke(load(config), name, why, _hand()), output, quiet=quiet)


def _hand() -> Hand:
    from evidence.actor import actor
    from evidence.collecting import now
    from evidence.deviations import Hand

    return Hand(by=actor(), at=now())


def _print(done: Recorded, output: Format, *, quiet: bool) -> None:
    from evidence.report.text import visible

    if output is Format.JSON:
        print_json(done.as_json())
        return
    typer.echo(done.disposition or f"entry {done.entry}")
    for line in done.remarks:
        remark(visible(line), quiet=quiet)
