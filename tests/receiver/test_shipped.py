"""The notification templates that are shipped carry what the readers read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "docs" / "kubernetes"
CARRIED = {
    "argocd-notifications": (
        "template.evidence-operation",
        {"uid", "revision", "revisions", "startedAt", "finishedAt", "initiatedBy", "images"},
    ),
    "argo-rollouts-notifications": ("template.evidence-rollout", {"uid", "revision", "phase"}),
}


def data(name):
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))["data"]


@pytest.mark.parametrize("name", CARRIED)
def test_a_template_carries_what_identifies_an_operation(name):
    template, wanted = CARRIED[name]

    body = yaml.safe_load(data(name)[template])["webhook"]["evidence"]["body"]

    assert wanted | {"kind", "namespace", "name"} <= set(re.findall(r'"(\w+)":', body))


@pytest.mark.parametrize("name", CARRIED)
def test_a_template_is_balanced_and_each_value_is_json(name):
    body = yaml.safe_load(data(name)[CARRIED[name][0]])["webhook"]["evidence"]["body"]
    opened = len(re.findall(r"\{\{-? *(?:with|if|range) ", body))

    assert len(re.findall(r"\{\{-? *end *\}\}", body)) == opened
    assert all("toJson" in line or '"schema"' in line or '"kind"' in line
               for line in body.splitlines() if '":' in line)  # fmt: skip


def test_argo_cds_trigger_fires_once_for_each_operation_and_not_for_each_revision():
    conditions = yaml.safe_load(data("argocd-notifications")["trigger.on-evidence-operation"])

    assert [one["oncePer"].rpartition(".")[2] for one in conditions] == ["startedAt", "finishedAt"]
    assert {"Running", "Succeeded", "Failed", "Error"} <= set(
        re.findall(r"'(\w+)'", "".join(one["when"] for one in conditions))
    )


@pytest.mark.parametrize("name", CARRIED)
def test_no_token_stands_in_what_is_shipped(name):
    service = yaml.safe_load(data(name)["service.webhook.evidence"])

    assert {"name": "Authorization", "value": "Bearer $evidence-token"} in service["headers"]
