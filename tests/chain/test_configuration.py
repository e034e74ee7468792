"""A configuration is read as its deployer reads it, and what cannot be read is named."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from evidence.chain.answers import ask
from evidence.chain.configuration import Configuration, Configurations
from evidence.chain.inquiry import Inquiry
from evidence.in_scope import Application
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind

REVISION = "a" * 40


def read(
    files: dict[str, str], path: str = "apps/shop", application: Application | None = None
) -> Configuration:
    """Asks until nothing is open, answering from the files."""
    answers: dict[GitQuestion, GitAnswer] = {}
    for _ in range(12):
        inquiry = Inquiry(answers)
        found = Configurations(inquiry, "config").read(
            REVISION, path, application or Application(id="shop")
        )
        if not inquiry.questions:
            return found
        answers |= {question: answer(question, files) for question in inquiry.questions}
    raise AssertionError(inquiry.questions)


def oid(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def answer(question: GitQuestion, files: dict[str, str]) -> GitAnswer:
    value: Any
    if question.kind == QuestionKind.BLOB:
        texts = {oid(text): text for text in files.values()}
        text = texts[question.args[0]]
        value = {"binary": 3} if text == "BINARY" else {"text": text}
    else:
        below = question.args[1]
        inside = [path for path in sorted(files) if not below or path.startswith(f"{below}/")]
        value = [["100644", oid(files[path]), path] for path in inside]
    return GitAnswer(
        repository=question.repository,
        kind=question.kind,
        args=question.args,
        value=json.dumps(value),
    )


def deployment(image: str, name: str = "shop") -> str:
    return (
        f"kind: Deployment\nmetadata: {{name: {name}}}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: c, image: '{image}'}}]}}}}}}\n"
    )


def images(found: Configuration) -> list[tuple[str, str, str]]:
    return [(ref.image, ref.reference, ref.file) for ref in found.images]


def test_an_overlay_wins_over_its_base_and_both_are_in_scope() -> None:
    found = read(
        {
            "apps/shop/kustomization.yaml": (
                "resources: [../../base]\nimages: [{name: r/shop, newTag: '2'}]\n"
            ),
            "base/kustomization.yml": (
                "resources: [d.yaml, none.yaml]\nimages: [{name: shop, newName: r/shop}]\n"
            ),
            "base/d.yaml": deployment("shop:1"),
        }
    )
    assert [("r/shop", "2", "apps/shop/kustomization.yaml")] == images(found)
    assert (("apps/shop", "base", "base/d.yaml"), ("missing:base/none.yaml",)) == (
        found.scopes,
        found.problems,
    )


def test_a_patch_replaces_the_image_of_the_container_it_names() -> None:
    found = read(
        {
            "apps/shop/kustomization.yaml": (
                "resources: [d.yaml]\npatches: [{path: p.yaml}, {path: none.yaml}, {patch: x}]\n"
                "patchesStrategicMerge: [q.yaml]\n"
            ),
            "apps/shop/d.yaml": deployment("shop:1"),
            "apps/shop/p.yaml": deployment("shop:2"),
            "apps/shop/q.yaml": deployment("other:3", "other"),
        }
    )
    assert [("other", "3", "apps/shop/q.yaml"), ("shop", "2", "apps/shop/p.yaml")] == images(found)


def test_components_are_followed_and_a_loop_ends() -> None:
    found = read(
        {
            "apps/shop/kustomization.yaml": "resources: [../shop]\ncomponents: [c, ~]\n",
            "apps/shop/c/Kustomization": "resources: [d.yaml]\n",
            "apps/shop/c/d.yaml": deployment("shop:1"),
        }
    )
    assert [("shop", "1", "apps/shop/c/d.yaml")] == images(found)


def test_kustomizations_that_name_each_other_many_times_over_are_cut() -> None:
    text = "resources: [../shop, ../shop/, ../../apps/shop]\n"
    found = read({"apps/shop/kustomization.yaml": text})
    assert ("too_large:.",) == found.problems


def test_a_remote_base_is_named_and_not_fetched() -> None:
    found = read(
        {"apps/shop/kustomization.yaml": "resources: ['https://x.test/b?ref=v1', 'git@x:y']\n"}
    )
    assert ("remote_base:git@x:y", "remote_base:https://x.test/b?ref=v1") == found.problems


def test_a_resource_beside_the_path_is_read_from_its_own_directory() -> None:
    found = read(
        {
            "apps/shop/kustomization.yaml": "resources: [../common/d.yaml]\n",
            "apps/common/d.yaml": deployment("shop:1"),
        }
    )
    assert [("shop", "1", "apps/common/d.yaml")] == images(found)


def test_a_chart_is_its_values_and_its_templates_say_nothing() -> None:
    found = read(
        {
            "apps/shop/Chart.yaml": "name: shop\n",
            "apps/shop/values.yaml": "image: {repository: r/shop, tag: '1'}\n",
            "apps/shop/templates/d.yaml": deployment("{{ .Values.image }}"),
        }
    )
    assert ([("r/shop", "1", "apps/shop/values.yaml")], ()) == (images(found), found.problems)


def test_a_missing_values_file_is_named() -> None:
    application = Application(id="shop", values_files=("env/prod.yaml",))
    found = read({"apps/shop/Chart.yaml": "name: shop\n"}, application=application)
    assert ("missing:env/prod.yaml",) == found.problems


def test_values_for_a_chart_elsewhere_are_all_that_a_root_source_lends() -> None:
    application = Application(id="shop", values_files=("env/prod.yaml",))
    files = {"env/prod.yaml": "image: r/shop:4\n", "noise/d.yaml": deployment("noise:1")}
    found = read(files, path="", application=application)
    assert ([("r/shop", "4", "env/prod.yaml")], ("env/prod.yaml",)) == (
        images(found),
        found.scopes,
    )


def test_plain_manifests_are_read_and_templates_among_them_are_named() -> None:
    found = read(
        {
            "apps/shop/a.yaml": deployment("shop:1"),
            "apps/shop/sub/b.json": '{"kind": "Pod", "spec": {"containers": [{"image": "x:2"}]}}',
            "apps/shop/t.yaml": "{{ template }}: [",
            "apps/shop/binary.yaml": "BINARY",
            "apps/shop/README.md": "image: no:1",
            "apps/shopping/x.yaml": deployment("no:1"),
        }
    )
    assert [("shop", "1", "apps/shop/a.yaml"), ("x", "2", "apps/shop/sub/b.json")] == images(found)
    assert ("template:apps/shop/t.yaml", "unreadable:apps/shop/binary.yaml") == found.problems


def test_a_tree_that_git_could_not_list_is_unreadable() -> None:
    question = ask("config", QuestionKind.ENTRIES, REVISION, "apps/shop")
    refused = GitAnswer(
        repository="config", kind=question.kind, args=question.args, value="", problem="too_large"
    )
    inquiry = Inquiry({question: refused})
    found = Configurations(inquiry, "config").read(REVISION, "apps/shop", Application(id="shop"))
    assert ((), ("unreadable:apps/shop",)) == (found.images, found.problems)


def test_malformed_answers_are_no_answers() -> None:
    def said(value: str, kind: QuestionKind, *args: str) -> dict[GitQuestion, GitAnswer]:
        question = ask("config", kind, *args)
        return {question: GitAnswer(repository="config", kind=kind, args=args, value=value)}

    inquiry = Inquiry(
        {
            **said('[["1", "2"], 3, ["100644", "o", "p"]]', QuestionKind.ENTRIES, "c", ""),
            **said('{"text": 5}', QuestionKind.BLOB, "o"),
            **said('{"commits": "x", "tags": {}}', QuestionKind.RESOLVE, "t"),
            **said('{"commits": [], "tags": []}', QuestionKind.RESOLVE, "u"),
        }
    )
    entries = inquiry.entries("config", "c", "")
    assert ["p"] == [entry.path for entry in entries or ()]
    assert inquiry.text("config", "o") is None
    assert inquiry.resolve("config", "t") is None
    assert inquiry.resolve("config", "u") is None
    assert frozenset() == frozenset(inquiry.questions)
