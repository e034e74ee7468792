"""The runner itself: it finds what is wrong, says where, and reads what README.md teaches."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "cases"))

from case_files import BASE, HERE, CaseError, case_paths, merged, read_case, validator
from case_run import differences, run_case, subject_of

SMALL = """
title = "A direct push"
why = "Nobody approved it."
{more}
[[world.push]]
key = "typo"
by = "ada"
at = "+1d"
files = {{ "shop/pages.py" = "HOME = 1\\n" }}
{after}
[[expect]]
change = "typo"
{expect}
"""


@pytest.fixture
def write(tmp_path):
    """Writes a case on one direct push; returns its path."""

    def make(expect='controls = { CM-03 = "fail" }', *, more="", after="", name="small"):
        path = tmp_path / f"{name}.toml"
        text = f'id = "{name}"' + SMALL.format(more=more, after=after, expect=expect)
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def told(tmp_path):
    """The differences that a case finds."""

    def run(path):
        case = read_case(path)
        return differences(case, run_case(case, tmp_path / "run"))

    return run


def test_the_example_of_the_readme_is_a_case_that_holds(tmp_path, told):
    text = (HERE / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1]
    path = tmp_path / f"{tomllib.loads(example)['id']}.toml"
    path.write_text(example, encoding="utf-8")

    assert told(path) == []


def test_a_wrong_outcome_is_told_with_what_was_seen(write, told):
    found = told(write('controls = { CM-03 = "pass" }'))

    assert len(found) == 1
    assert found[0].startswith(
        "typo: expected CM-03 with outcome pass; "
        "CM-03 is fail (no-pull-request, flags [], dispositions ['none'])"
    )


def test_a_wrong_reason_a_missing_flag_and_missing_words_are_told(write, told):
    wanted = '{ outcome = "fail", reason = "no-approval", flags = ["flaky"], says = "moon" }'

    (found,) = told(write(f"controls = {{ CM-03 = {wanted} }}"))

    assert "with reason no-approval, flag flaky, `moon` in the sentence;" in found


def test_a_wrong_row_is_told(write, told):
    found = told(write('kind = "pull_request"\ndeployed = true\nflags = ["queer"]'))

    assert [line.split(",")[0] for line in found] == [
        "typo: expected kind pull_request",
        "typo: expected the flag queer on its row",
        "typo: expected deployed True",
    ]


def test_what_must_not_be_in_the_population_is_told_if_it_is(write, told):
    (found,) = told(write("in_population = false"))

    assert found.endswith("is in the population")


def test_a_complete_map_tells_what_it_lacks(write, told):
    found = told(write(more="complete = true"))

    assert {line.split(" lacks ")[1].split(",")[0] for line in found} == {
        "CM-02", "CM-04", "CM-05", "CM-06", "CM-07", "CM-08", "CM-10", "CM-12", "CM-14", "CM-17",
    }  # fmt: skip


def test_a_gap_that_is_not_named_and_one_that_is_not_there_are_told(write, told):
    hidden = '[world.access]\nforbidden = ["Commit.statusCheckRollup"]'
    wanted = '[[expect_gap]]\nsource = "argocd"\nreason = "sync_gap"'

    found = told(write(after=f"{hidden}\n{wanted}"))

    assert found[0] == (
        "expected the gap {'source': 'argocd', 'reason': 'sync_gap'}, which is not open"
    )
    assert all(line.startswith("a gap that the case does not name: github") for line in found[1:])
    assert len(found) > 1


def test_a_control_that_is_not_implemented_is_not_asserted(write, told):
    assert told(write('controls = { CM-08 = "fail" }')) == []


def test_an_earlier_moment_of_evaluation_judges_as_of_then(write, told):
    expect = 'controls = { CM-14 = { outcome = "pass", reason = "pending" } }'

    assert told(write(expect, more='as_of = "+2d"\nship = ["typo"]\npoll = ["+1d1m"]')) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"more": "colour = 1"}, "'colour' was unexpected"),
        (
            {"expect": 'controls = { CM-03 = "maybe" }'},
            "$.expect[0].controls['CM-03']: 'maybe' is not",
        ),
        ({"expect": "deployed = 1"}, "1 is not of type 'boolean'"),
        ({"after": '[[world.push]]\nkey = "a"'}, "world.push[1] lacks `by`"),
        ({"after": "[["}, "is no TOML file"),
        ({"more": 'poll = ["soon"]'}, "'soon' does not match"),
        ({"more": '[configuration.x]\nwho = "@nobody"'}, "`@nobody` is nobody in this world"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(write, change, said):
    with pytest.raises(CaseError, match=re.escape(said)):
        read_case(write(**change))


def test_the_id_is_the_name_of_the_file(write):
    path = write()
    other = path.rename(path.with_name("other.toml"))

    with pytest.raises(CaseError, match="the id is small, the file's name says other"):
        read_case(other)


def test_a_key_that_the_story_lacks_is_told(write, tmp_path):
    case = read_case(write())
    seen = run_case(case, tmp_path / "run")

    with pytest.raises(CaseError, match="no deployment with the key `x`"):
        subject_of(seen.history, {"deployment": "x"})
    with pytest.raises(CaseError, match="no change, push or bump with the key `x`"):
        subject_of(seen.history, {"change": "x"})


def test_a_folder_of_cases_may_have_a_base_of_its_own(write, tmp_path):
    base = BASE.read_text(encoding="utf-8") + '\n[configuration.organisation]\nname = "Other"\n'
    (tmp_path / "base.toml").write_text(base, encoding="utf-8")

    assert read_case(write()).configuration["organisation"] == {"name": "Other"}
    assert case_paths(tmp_path) == [tmp_path / "small.toml"]


def test_lists_merge_by_id_people_by_name_and_all_else_is_replaced():
    base = {"person": [{"name": "A", "left": ""}], "source": [{"id": "x", "url": "u"}], "n": [1]}
    over = {"person": [{"name": "A", "left": "t"}, {"name": "B"}], "source": [{"id": "x", "a": 1}]}

    assert merged(base, {**over, "n": [2]}) == {
        "person": [{"name": "A", "left": "t"}, {"name": "B"}],
        "source": [{"id": "x", "url": "u", "a": 1}],
        "n": [2],
    }


def test_the_published_schema_is_a_schema():
    validator().check_schema(validator().schema)


@pytest.mark.parametrize(
    "own_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
@pytest.mark.parametrize(
    "name", ["A-merge-methods/A04", "B-approval-currency/B06", "H-deployments/H18"]
)
def test_a_case_comes_out_the_same_on_postgresql(name, own_url, tmp_path):
    case = read_case(Path(HERE, f"{name}.toml"))

    assert differences(case, run_case(case, tmp_path, own_url)) == []
