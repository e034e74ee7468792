"""Stories that are hard to tell: each shows in the served data what its golden case is about."""

from __future__ import annotations

import subprocess

PULL = """query($number: Int!) { repository(owner: "example-shop", name: "shop") {
  pullRequest(number: $number) {
    state mergedAt headRefOid mergedBy { login }
    mergeCommit { oid tree { oid } parents(first: 2) { nodes { oid } }
      committer { name email } signature { isValid wasSignedByGitHub } }
    reviews(first: 10) { nodes { state submittedAt commit { oid } } }
    commits(first: 10) { nodes { commit { oid author { name email user { login } }
      committer { email user { login } } message } } }
    timelineItems(first: 50, itemTypes: [PULL_REQUEST_COMMIT, PULL_REQUEST_REVIEW, MERGED_EVENT,
      HEAD_REF_FORCE_PUSHED_EVENT, AUTO_MERGE_ENABLED_EVENT]) { nodes { __typename } } } } }"""


def told(simulate, ask, steps, number=1, before=""):
    simulation = simulate(
        f'{before}\n[[change]]\nkey = "x"\nauthor = "ada"\nat = "+2d"\nsteps = [\n{steps}\n]'
    )
    answer = ask(simulation.end(), PULL, number=number)
    assert "errors" not in answer
    return answer["data"]["repository"]["pullRequest"], simulation


def merge_tree(simulation, base, head):
    path = simulation.end().git_paths["shop"]
    done = subprocess.run(
        ["git", "-C", str(path), "merge-tree", "--write-tree", base, head],
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def timeline(pull):
    return [node["__typename"] for node in pull["timelineItems"]["nodes"]]


def test_content_that_comes_in_with_the_squash_is_not_the_merge_of_the_branch(simulate, ask):
    pull, simulation = told(
        simulate, ask, '{ do = "push" }, { do = "merge", by = "ada", files = { "extra" = "x" } }'
    )
    merged = pull["mergeCommit"]
    base = merged["parents"]["nodes"][0]["oid"]
    assert merged["tree"]["oid"] != merge_tree(simulation, base, pull["headRefOid"])


def test_a_local_merge_is_signed_by_nobody(simulate, ask):
    pull, simulation = told(
        simulate, ask, '{ do = "push" }, { do = "merge", by = "bert", method = "local" }'
    )
    merged = pull["mergeCommit"]
    base = merged["parents"]["nodes"][0]["oid"]
    assert (pull["state"], pull["mergedBy"]["login"]) == ("MERGED", "bert")
    assert (merged["committer"]["email"], merged["signature"]) == ("bert@people.example", None)
    assert merged["tree"]["oid"] == merge_tree(simulation, base, pull["headRefOid"])


def test_a_merge_on_github_is_committed_and_signed_by_github(simulate, ask):
    pull, _ = told(simulate, ask, '{ do = "push" }, { do = "merge", by = "ada", method = "merge" }')
    merged = pull["mergeCommit"]
    assert merged["committer"] == {"name": "GitHub", "email": "noreply@github.com"}
    assert merged["signature"] == {"isValid": True, "wasSignedByGitHub": True}


def test_a_commit_after_the_approval_leaves_the_approval_on_the_older_one(simulate, ask):
    pull, _ = told(
        simulate,
        ask,
        '{ do = "push" }, { do = "review", by = "bert" },\n'
        '{ do = "push", files = { "more" = "x" } }, { do = "merge", by = "ada" }',
    )
    first, second = (node["commit"]["oid"] for node in pull["commits"]["nodes"])
    assert pull["reviews"]["nodes"][0]["commit"]["oid"] == first
    assert pull["headRefOid"] == second
    assert timeline(pull) == [
        "PullRequestCommit",
        "PullRequestReview",
        "PullRequestCommit",
        "MergedEvent",
    ]


def test_a_rebound_review_shows_the_new_commit_from_the_push_on(simulate, ask):
    steps = (
        '{ do = "push" }, { do = "review", by = "bert", at = "+10m" },\n'
        '{ do = "push", force = true, files = { "other" = "x" }, at = "+1h" },\n'
        '{ do = "rebind", review = "bert", at = "+1h" }'
    )
    late, simulation = told(simulate, ask, steps)
    early = ask(simulation.at("+2d30m"), PULL, number=1)["data"]["repository"]["pullRequest"]
    review, forced = late["reviews"]["nodes"][0], timeline(late).index("HeadRefForcePushedEvent")
    assert early["reviews"]["nodes"][0]["commit"]["oid"] == early["headRefOid"]
    assert review["commit"]["oid"] == late["headRefOid"] != early["headRefOid"]
    assert review["submittedAt"] == early["reviews"]["nodes"][0]["submittedAt"]
    assert timeline(late).index("PullRequestReview") < forced


def test_a_push_and_a_review_in_one_second_keep_their_order_in_the_timeline(simulate, ask):
    pull, _ = told(
        simulate,
        ask,
        '{ do = "push" }, { do = "push", files = { "y" = "y" }, at = "+1h" },\n'
        '{ do = "review", by = "bert", on = "c1", at = "+1h" }',
    )
    assert timeline(pull) == ["PullRequestCommit", "PullRequestCommit", "PullRequestReview"]
    assert pull["reviews"]["nodes"][0]["commit"]["oid"] != pull["headRefOid"]


def test_a_review_can_name_no_commit(simulate, ask):
    pull, _ = told(simulate, ask, '{ do = "push" }, { do = "review", by = "bert", on = "none" }')
    assert pull["reviews"]["nodes"][0]["commit"] is None


def test_a_review_after_the_merge_is_later_than_it(simulate, ask):
    pull, _ = told(
        simulate,
        ask,
        '{ do = "push" }, { do = "merge", by = "ada" }, { do = "review", by = "bert" }',
    )
    assert pull["reviews"]["nodes"][0]["submittedAt"] > pull["mergedAt"]


def test_auto_merge_by_the_author_is_recorded_before_the_approval(simulate, ask):
    pull, _ = told(
        simulate,
        ask,
        '{ do = "push" }, { do = "state", to = "auto_merge" },\n'
        '{ do = "review", by = "bert" }, { do = "merge", by = "ada" }',
    )
    assert timeline(pull)[1:] == ["AutoMergeEnabledEvent", "PullRequestReview", "MergedEvent"]


def test_an_address_that_no_account_has_maps_to_nobody(simulate, ask):
    pull, _ = told(
        simulate,
        ask,
        '{ do = "push", commits = [{ author = "bert", author_email = "who@nowhere.example" }] }',
    )
    commit = pull["commits"]["nodes"][0]["commit"]
    assert commit["author"] == {
        "name": "Bert Example",
        "email": "who@nowhere.example",
        "user": None,
    }


def test_a_name_can_be_borrowed_without_the_account(simulate, ask):
    pull, _ = told(
        simulate, ask, '{ do = "push", commits = [{ author_name = "update-bot[bot]" }] }'
    )
    author = pull["commits"]["nodes"][0]["commit"]["author"]
    assert (author["name"], author["user"]["login"]) == ("update-bot[bot]", "ada")


def test_an_applied_suggestion_is_committed_by_github_with_a_co_author(simulate, ask):
    pull, _ = told(
        simulate,
        ask,
        '{ do = "push", commits = [{ committer = "web-flow", co_authors = ["bert"] }] }',
    )
    commit = pull["commits"]["nodes"][0]["commit"]
    assert commit["committer"]["user"]["login"] == "web-flow"
    assert commit["message"].endswith("Co-authored-by: Bert Example <bert@people.example>")


def test_an_empty_commit_has_the_tree_of_its_parent(simulate):
    simulation = simulate('[[push]]\nkey = "again"\nby = "ada"\ncommits = [{ message = "run CI" }]')
    commits = simulation.history.repositories["shop"].objects.commits
    root, again = commits.values()
    assert (again.parents, again.tree) == ((root.sha,), root.tree)


def test_the_middle_commit_of_a_rebase_can_be_deployed(simulate):
    simulation = simulate(
        """
        [[change]]
        key = "x"
        author = "ada"
        steps = [
          { do = "push", commits = [{ files = { "a" = "1" } }, { files = { "b" = "1" } }, { files = { "c" = "1" } }] },
          { do = "merge", by = "ada", method = "rebase" },
        ]
        [[bump]]
        key = "part"
        set = [{ file = "apps/shop-prod/kustomization.yaml", image = "registry.example/shop-web", tag = "${sha:x.r2}" }]
        deploy = ["shop-prod"]
        """
    )
    landed = simulation.history.pulls["x"].merge.landed
    images = simulation.history.applications["shop-prod"].operations[0].images
    assert f"registry.example/shop-web:{landed[1]}" in images
