"""What the program makes of one file of a foreign system: facts in kind and number, or a refusal.

Objects are read as `kubectl get -o json` prints them, whatever they are written in; deliveries as
the receiver reads their bodies; files of a configuration repository as a deployment reads them;
anything else as it is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from evidence.chain.claims import claims_in
from evidence.chain.configuration import Configurations
from evidence.chain.inquiry import Inquiry
from evidence.collectors.argo_rollouts import ArgoRolloutsCollector
from evidence.collectors.argocd import ArgoCdCollector
from evidence.collectors.flagger import FlaggerCollector
from evidence.collectors.flux import FluxCollector
from evidence.collectors.ingested import provenance, scan
from evidence.collectors.ingested.given import Given
from evidence.collectors.received import readers
from evidence.errors import EvidenceError
from evidence.in_scope import Application, ImageMap
from evidence.model.capture import Window
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind
from evidence.model.policy_result import FindingState, PolicyResult

Objects = ArgoCdCollector | FluxCollector | ArgoRolloutsCollector | FlaggerCollector


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One file, read."""

    found: Mapping[str, int] = field(default_factory=dict)
    """Kind of fact (or `object`: what was kept; `image`, `claim`, `delivery`...) -> number."""
    gaps: tuple[str, ...] = ()
    refused: str = ""
    """Why nothing of it was taken."""


class _Texts(yaml.SafeLoader):
    """Leaves times as they are written."""


_Texts.yaml_implicit_resolvers = {
    first: [each for each in rules if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def outcome(path: Path, work: Path) -> Outcome:
    """What becomes of a file, by the folder that it lies in.

    Raises anything but an `EvidenceError` that the program raises: no file may end so.
    """
    family = family_of(path)
    try:
        return READERS[family](path, work)
    except EvidenceError as error:
        return Outcome(refused=error.message)


def family_of(path: Path) -> str:
    """The folder of a known system that a file lies in; empty for none."""
    return next((one for one in reversed(path.parent.parts) if one in READERS), "")


def documents(path: Path) -> list[Any]:
    """The documents of a YAML or JSON file; [] where it is neither. Times stay texts."""
    try:
        text = path.read_text(encoding="utf-8")
        return [one for one in yaml.load_all(text, Loader=_Texts) if one]
    except (yaml.YAMLError, UnicodeDecodeError):
        return []


def _objects(made: Callable[[str], Objects]) -> Callable[[Path, Path], Outcome]:
    """Objects of a cluster, from a file as kubectl would have written it."""

    def read(path: Path, work: Path) -> Outcome:
        file = _as_kubectl(path, work)
        collector = made(str(file))
        found: Counter[str] = Counter()
        gaps: list[str] = []
        for page in collector.fetch(Window(since=0, until=0), ""):
            gaps += [one.detail for one in page.gaps]
            for capture in page.captures:
                if capture.kind.endswith("_list"):
                    continue  # who was listed
                found["object"] += 1
                parsed = collector.parse(capture)
                found.update(type(one).__name__ for one in parsed.facts)
                gaps += [one.detail for one in parsed.gaps]
        return Outcome(found=dict(found), gaps=tuple(gaps))

    return read


def _as_kubectl(path: Path, work: Path) -> Path:
    """The objects of a file in one JSON list, or the file itself where it holds none."""
    held = documents(path)
    file = work / f"{path.stem}.json"
    if path.suffix not in {".yaml", ".yml", ".json"} or not held:
        return path
    whole = held[0] if len(held) == 1 else {"kind": "List", "items": held}
    file.write_text(json.dumps(whole, default=str), encoding="utf-8")
    return file


def _delivery_or(
    reader: Callable[[str, Mapping[str, Any]], readers.Named],
    objects: Callable[[Path, Path], Outcome],
    mark: str,
) -> Callable[[Path, Path], Outcome]:
    """A delivery where the body bears its mark, else objects."""

    def read(path: Path, work: Path) -> Outcome:
        held = documents(path)
        body = held[0] if len(held) == 1 and isinstance(held[0], dict) else {}
        if mark not in body or "apiVersion" in body:
            return objects(path, work)
        named = reader("", body)
        told = bool(named.event and (named.about or named.uid))
        return Outcome(
            found={"delivery": 1} if told else {}, refused="" if told else "names nothing"
        )

    return read


def _configuration(path: Path, work: Path) -> Outcome:
    """Images of one file of a configuration repository, or claims of its commits."""
    del work
    held = documents(path)
    if held and isinstance(held[0], list):
        subjects = [one.get("subject", "") for one in held[0] if isinstance(one, dict)]
        found = [claim for one in subjects for claim in claims_in(one, "x")]
        return Outcome(found={"commit": len(subjects), "claim": len(found)})
    tailored = "kustomization" in path.name
    text = path.read_text(encoding="utf-8")
    place = "app/kustomization.yaml" if tailored else f"app/{path.name}"
    values = not tailored and not any(isinstance(one, dict) and "kind" in one for one in held)
    application = Application(
        id="app",
        path="" if values else "app",
        images=(ImageMap(image="registry.example/app", repository="x"),),
        values_files=(place,) if values else (),
        values_keys=("image", "image_tag"),
    )
    answers: dict[GitQuestion, GitAnswer] = {}
    while True:
        inquiry = Inquiry(answers)
        read = Configurations(inquiry, "config").read("0" * 40, application.path, application)
        if not inquiry.questions:
            break
        answers |= {one: _answer(one, place, text) for one in inquiry.questions}
    kinds = Counter("chart" if one.image.startswith("chart:") else "image" for one in read.images)
    return Outcome(found={"document": len(held), **kinds}, gaps=read.problems)


def _answer(question: GitQuestion, place: str, text: str) -> GitAnswer:
    rows = [["100644", "b" * 40, place]]
    value: object = rows if question.kind is QuestionKind.ENTRIES else {"text": text}
    return GitAnswer(
        repository="config", kind=question.kind, args=question.args, value=json.dumps(value)
    )


def _provenance(path: Path, work: Path) -> Outcome:
    """Statements about the origin of a digest, as they would be handed over."""
    del work
    given = Given(name=path.name, data=path.read_bytes(), source="x", observed_at=1)
    facts = [one for each in provenance.captures(given) for one in provenance.parse(each).facts]
    return Outcome(found=dict(Counter(type(one).__name__ for one in facts)))


def _scan(tool: str) -> Callable[[Path, Path], Outcome]:
    """A result as it would be handed over, with a commit and, where it is empty, its tool told."""

    def read(path: Path, work: Path) -> Outcome:
        file = _as_kubectl(path, work) if path.suffix in {".yaml", ".yml"} else path
        told = {"tool": tool, "commit": "c" * 40, "tool_version": "1"}
        given = Given(name=file.name, data=file.read_bytes(), source="x", observed_at=1, told=told)
        found: Counter[str] = Counter()
        for capture in scan.captures(given):
            for one in scan.parse(capture).facts:
                assert isinstance(one, PolicyResult)
                found[one.verdict.value] += 1
                states = Counter(each.state for each in one.findings)
                found["open"] += states[FindingState.OPEN]
                found["suppressed"] += states[FindingState.SUPPRESSED]
        return Outcome(found={name: number for name, number in found.items() if number})

    return read


READERS: Mapping[str, Callable[[Path, Path], Outcome]] = {
    "argocd": _objects(lambda file: ArgoCdCollector(source="x", file=file)),
    "flux": _delivery_or(
        readers.flux, _objects(lambda file: FluxCollector(source="x", file=file)), "involvedObject"
    ),
    "argo-rollouts": _objects(lambda file: ArgoRolloutsCollector(source="x", file=file)),
    "flagger": _delivery_or(
        readers.flagger, _objects(lambda file: FlaggerCollector(source="x", file=file)), "phase"
    ),
    "gitops-config": _configuration,
    "provenance": _provenance,
    "sarif": _scan(""),
    **{
        tool: _scan(tool)
        for tool in (
            *("trivy", "grype", "gitleaks", "checkov", "kics", "tfsec", "conftest", "kyverno"),
            *("gatekeeper", "trivy-operator"),
        )
    },
    "pre-commit": _scan(""),  # how it is configured: it writes no result
}
"""Folder -> how its files are read."""
