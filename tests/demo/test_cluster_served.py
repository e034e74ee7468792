"""The simulated cluster: what is installed is listed, a delivery is shown as it stands."""

from __future__ import annotations

import pytest
import requests

from evidence.demo.deliveries import operation_of
from evidence.demo.history import History
from evidence.demo.world_deployed import Delivery
from evidence.errors import ConfigError

STORY = """
[[deploy]]
key = "first"
app = "shop-prod"
at = "+1h"
[[delivery]]
deploy = "first"
outcome = "aborted"
weight = 40
message = "too many errors"
[[event]]
at = "+1h"
object = "Application/shop-prod"
reason = "OperationStarted"
user = "ada"
message = "ada initiated sync"
"""
ARGO = "/apis/argoproj.io/v1alpha1"


def get(moment, path, token="", **query):
    headers = {"Authorization": f"Bearer {token or moment.flux_token}"}
    return requests.get(moment.cluster_url + path, params=query, headers=headers, timeout=20)


def items(moment, plural):
    return get(moment, f"{ARGO}/{plural}").json()["items"]


def test_a_delivery_is_on_its_way_and_then_aborted(simulate):
    simulation = simulate(STORY)
    (going,) = items(simulation.at("+1h5m"), "rollouts")
    assert (going["status"]["phase"], going["status"].get("abort")) == ("Paused", None)
    assert items(simulation.at("+1h5m"), "analysisruns") == []
    (done,) = items(simulation.at("+2h"), "rollouts")
    assert (done["status"]["abort"], done["status"]["currentStepIndex"]) == (True, 0)
    assert done["status"]["currentPodHash"] != done["status"]["stableRS"]
    (run,) = items(simulation.at("+2h"), "analysisruns")
    assert run["metadata"]["ownerReferences"][0]["name"] == done["metadata"]["name"]


def test_nothing_is_delivered_before_its_deployment(simulate):
    assert items(simulate(STORY).at("+30m"), "rollouts") == []


def test_applications_are_served_with_their_kind(simulate):
    (found,) = items(simulate(STORY).at("+2h"), "applications")
    assert (found["kind"], found["metadata"]["name"]) == ("Application", "shop-prod")


def test_events_are_kept_for_an_hour(simulate):
    simulation = simulate(STORY)
    (event,) = get(simulation.at("+1h59m"), "/api/v1/events").json()["items"]
    assert event["metadata"]["annotations"] == {"user": "ada"}
    assert get(simulation.at("+2h"), "/api/v1/events").json()["items"] == []


def test_what_is_not_installed_is_not_found_and_a_wrong_token_is_refused(simulate):
    moment = simulate(STORY).end()
    assert get(moment, "/apis/flagger.app").status_code == 404
    assert get(moment, f"{ARGO}/workflows").status_code == 404
    assert get(moment, "/apis/argoproj.io/v9").status_code == 404
    assert get(moment, "/api/v1/pods").status_code == 404
    assert get(moment, ARGO, token="other").status_code == 401


def test_discovery_names_what_is_listed(simulate):
    moment = simulate(STORY).end()
    names = {one["name"] for one in get(moment, ARGO).json()["resources"]}
    assert names == {"applications", "rollouts", "analysisruns"}
    assert get(moment, "/apis/argoproj.io").json()["preferredVersion"]["version"] == "v1alpha1"


def test_a_delivery_of_no_deployment_is_a_mistake_in_the_world(simulate):
    moment = simulate('[[delivery]]\ndeploy = "absent"\n').end()
    assert get(moment, f"{ARGO}/rollouts").status_code == 599
    with pytest.raises(ConfigError, match="no deployment"):
        operation_of(History(repositories={}, applications={}), Delivery(deploy="absent"))
