"""Files of foreign systems are read whole or refused with a reason; none ends in an error.

pytest tests/formats                          # our own samples, each with what it must come to
pytest tests/formats --formats DIR -rP        # any folder with folders of those names, and a list
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from format_reading import documents, outcome

KEPT = {
    "argocd": {"Application"},
    "flux": {
        *("GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket"),
        *("ImageRepository", "ImagePolicy", "ImageUpdateAutomation"),
        *("Kustomization", "HelmRelease"),
    },
    "argo-rollouts": {"Rollout", "AnalysisRun"},
    "flagger": {"Canary"},
}
"""Family -> kinds of objects that are evidence: each of them must be kept, or the file refused."""
SAMPLES = Path(__file__).parent / "samples"
EXPECTED = tomllib.loads((SAMPLES.parent / "expected.toml").read_text(encoding="utf-8"))


def test_every_sample_of_ours_has_an_expectation_and_the_other_way_round():
    files = {str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*") if path.is_file()}

    assert files == EXPECTED.keys()


def test_a_file_comes_to_facts_or_to_a_refusal(format_file, tmp_path):
    found = outcome(format_file, tmp_path)

    told = (format_file.name, dict(found.found), *found.gaps, found.refused)
    sys.stdout.write(f"{' '.join(map(str, told))}\n")
    assert bool(found.found) != bool(found.refused)
    assert all(found.gaps)
    _nothing_is_dropped(format_file, found)
    expected = EXPECTED.get(_name(format_file))
    if expected is not None:
        assert dict(found.found) == expected.get("found", {})
        assert expected.get("refused", "") in found.refused
        assert bool(found.refused) == ("refused" in expected)
        assert any(expected.get("gap", "") in one for one in found.gaps or [""])
        assert bool(found.gaps) == ("gap" in expected)


def _name(path):
    inside = path.is_relative_to(SAMPLES)
    return str(path.relative_to(SAMPLES)) if inside else ""


def _nothing_is_dropped(path, found):
    """Every object that is evidence was kept, with a fact or a gap; or the whole file is refused."""
    family = path.parent.name
    held = [one for one in documents(path) if isinstance(one, dict)]
    listed = [each for one in held for each in one.get("items") or [one] if isinstance(each, dict)]
    own = [one for one in listed if one.get("kind") in KEPT.get(family, ()) and "spec" in one]
    if own and not found.refused:
        assert found.found["object"] == len(own)
        facts = sum(number for kind, number in found.found.items() if kind != "object")
        assert facts or found.gaps
