"""The simulated Argo CD: real object shape, bounded history, no audit log."""

from __future__ import annotations

import requests

DEPLOYS = "\n".join(f'[[deploy]]\napp = "shop-prod"\nat = "+{hours}h"' for hours in range(1, 13))


def ids(item):
    return [row["id"] for row in item["status"].get("history", ())]


def test_only_the_last_ten_rows_of_history_are_kept(simulate, argocd):
    item = argocd(simulate(DEPLOYS).end())[0]
    assert ids(item) == list(range(2, 12))


def test_history_grows_with_the_moment(simulate, argocd):
    simulation = simulate(DEPLOYS)
    assert [ids(argocd(simulation.at(f"+{hours}h30m"))[0]) for hours in (0, 1, 2)] == [
        [],
        [0],
        [0, 1],
    ]


def test_an_operation_runs_before_it_ends(simulate, argocd):
    simulation = simulate('[[deploy]]\napp = "shop-prod"\nat = "+1h"\nseconds = 60')
    start = simulation.history.applications["shop-prod"].operations[0].started_at
    running = argocd(simulation.at(start))[0]["status"]
    done = argocd(simulation.at(start + 60_000_000))[0]["status"]
    assert (running["operationState"]["phase"], "finishedAt" in running["operationState"]) == (
        "Running",
        False,
    )
    assert (done["operationState"]["phase"], done["operationState"]["finishedAt"]) == (
        "Succeeded",
        done["history"][0]["deployedAt"],
    )


def test_a_failed_sync_is_seen_only_in_the_operation_state(simulate, argocd):
    status = argocd(simulate('[[deploy]]\napp = "shop-prod"\nat = "+1h"\nphase = "Failed"').end())[
        0
    ]["status"]
    assert "history" not in status
    assert status["operationState"]["phase"] == "Failed"


def test_a_lost_row_leaves_a_gap_in_the_ids(simulate, argocd):
    item = argocd(
        simulate(
            '[[deploy]]\napp = "shop-prod"\nat = "+1h"\n'
            '[[deploy]]\napp = "shop-prod"\nat = "+2h"\nlost_before = 2\n'
            '[[deploy]]\napp = "shop-prod"\nat = "+3h"\nhistory = false\n'
            '[[deploy]]\napp = "shop-prod"\nat = "+4h"\n'
        ).end()
    )[0]
    assert ids(item) == [0, 3, 5]


def test_who_started_a_sync_is_told_as_argo_cd_tells_it(simulate, argocd):
    item = argocd(
        simulate(
            '[[deploy]]\napp = "shop-prod"\nat = "+1h"\n'
            '[[deploy]]\napp = "shop-prod"\nat = "+2h"\nby = "dora"\n'
            '[[deploy]]\napp = "shop-prod"\nat = "+3h"\nautomated = false\n'
        ).end()
    )[0]
    assert [row["initiatedBy"] for row in item["status"]["history"]] == [
        {"automated": True},
        {"username": "dora"},
        {},
    ]


def test_several_sources_have_revisions_and_no_revision(simulate, argocd):
    simulation = simulate(
        """
        [[application]]
        key = "shop-prod"
        sources = [{ repository = "deploy", path = "apps/shop-prod" }, { repository = "shop" }]
        [[deploy]]
        app = "shop-prod"
        at = "+1h"
        """
    )
    item = argocd(simulation.end())[0]
    row = item["status"]["history"][0]
    roots = [r.refs["refs/heads/main"] for r in simulation.history.repositories.values()]
    assert ("source" in item["spec"], len(item["spec"]["sources"])) == (False, 2)
    assert ("revision" in row, row["revisions"]) == (False, roots[::-1])


def test_images_are_those_that_the_manifests_would_run(simulate, argocd):
    simulation = simulate()
    pay = simulation.history.pulls["pay"].merge.sha
    images = argocd(simulation.end())[0]["status"]["summary"]["images"]
    assert images == [
        f"registry.example/shop-web:{pay}",
        "registry.example/shop-worker:0000000",
        "registry.example/vendor/proxy:1.27.0",
    ]


def test_git_ahead_of_what_is_applied_is_out_of_sync(simulate, argocd):
    simulation = simulate()
    operation = simulation.history.applications["shop-prod"].operations[0]
    # The bump is pushed five minutes before it is applied.
    before = argocd(simulation.at(operation.started_at - 1))[0]["status"]["sync"]
    after = argocd(simulation.at(operation.finished_at))[0]["status"]["sync"]
    assert before["status"] == "OutOfSync"
    assert (after["status"], after["revision"]) == ("Synced", operation.revisions[0])


def test_a_deleted_application_is_gone_with_its_history(simulate, argocd):
    simulation = simulate(
        """
        [[application]]
        key = "shop-prod"
        deleted_at = "+2d"
        sources = [{ repository = "deploy", path = "apps/shop-prod" }]
        """
    )
    assert [len(argocd(simulation.at(when))) for when in ("+1d", "+2d")] == [1, 0]


def test_a_project_that_the_token_may_not_see_is_not_listed(simulate, argocd):
    assert argocd(simulate('access = { argocd_projects = ["other"] }').end()) == []


def test_the_list_is_narrowed_by_project(simulate, argocd):
    moment = simulate().end()
    assert [len(argocd(moment, projects=name)) for name in ("default", "other")] == [1, 0]


def test_a_request_without_token_is_refused_but_the_version_is_public(simulate):
    moment = simulate().end()
    refused = requests.get(f"{moment.argocd_url}/api/v1/applications", timeout=20)
    version = requests.get(f"{moment.argocd_url}/api/version", timeout=20)
    assert (refused.status_code, refused.json()["code"]) == (401, 16)
    assert version.json()["Version"].startswith("v3.")


def test_an_application_that_is_not_there_answers_like_one_that_may_not_be_seen(simulate):
    moment = simulate().end()
    headers = {"Authorization": f"Bearer {moment.argocd_token}"}
    root = f"{moment.argocd_url}/api/v1/applications"
    there = requests.get(f"{root}/shop-prod", headers=headers, timeout=20)
    gone = requests.get(f"{root}/nothing", headers=headers, timeout=20)
    who = requests.get(f"{moment.argocd_url}/api/v1/session/userinfo", headers=headers, timeout=20)
    assert there.json()["metadata"]["name"] == "shop-prod"
    assert gone.status_code == 403
    assert who.json()["loggedIn"] is True


def test_an_application_made_again_keeps_its_name_and_begins_a_new_history(simulate, argocd):
    simulation = simulate(
        """
        [[application]]
        key = "shop-prod"
        deleted_at = "+2d"
        sources = [{ repository = "deploy", path = "apps/shop-prod" }]
        [[application]]
        key = "shop-prod-again"
        name = "shop-prod"
        created_at = "+2d"
        sources = [{ repository = "deploy", path = "apps/shop-prod", target_revision = "HEAD" }]
        [[deploy]]
        app = "shop-prod"
        at = "+1d"
        [[deploy]]
        app = "shop-prod-again"
        at = "+3d"
        """
    )
    (old,), (new,) = argocd(simulation.at("+1d12h")), argocd(simulation.at("+4d"))
    assert old["metadata"]["name"] == new["metadata"]["name"]
    assert old["metadata"]["uid"] != new["metadata"]["uid"]
    assert (ids(old), ids(new)) == ([0], [0])
    assert new["status"]["sync"]["status"] == "Synced"


def test_kubectl_prints_the_same_objects(simulate, argocd):
    simulation = simulate()
    served = argocd(simulation.end())
    printed = simulation.argocd.kubectl_list()
    assert {item["kind"] for item in printed["items"]} == {"Application"}
    assert [item["status"] for item in printed["items"]] == [item["status"] for item in served]
