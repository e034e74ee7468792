"""Which decided changes new results of scans tell of, and which images show other digests now."""

from __future__ import annotations

import json
from collections.abc import Iterable

from evidence.chain.mapping import plain_image
from evidence.chain.records import PopulationInputs
from evidence.deciding.brought import listed
from evidence.deciding.returned import returned_to
from evidence.model import codec
from evidence.model.production import ProductionDeployment
from evidence.model.provenance import MEMBER, TAG
from evidence.policy import Policy
from evidence.store import queries, since
from evidence.store.scanned import indexes_of, scanned_since
from evidence.store.session import Store


def rescanned(store: Store, policy: Policy, begin: int) -> set[str]:
    """Ids of the stored changes of which results of entries from `begin` on tell.

    By their commits, and by the revisions and digests that their deployments set.
    """
    subjects = scanned_since(store, begin) if policy.required_scans else frozenset()
    if not subjects:
        return set()
    subjects |= indexes_of(store, subjects)
    places = [(one.id, subject) for one in policy.repositories for subject in subjects]
    found = since.changes_by_sha(store, places)
    for body in queries.deployment_bodies(store, since.judged_by(store, subjects)):
        one = codec.decode(ProductionDeployment, json.loads(body))
        found |= {*one.changes, *returned_to(one)}
    return found


def examined_words(deployment: ProductionDeployment) -> set[str]:
    """The revisions and digests of a deployment that a scan may be about."""
    found = {digest for image in deployment.running for digest in image.digests}
    return (found | {span.revision for span in deployment.ranges}) - {""}


def shown_again(
    inputs: PopulationInputs, deployments: Iterable[ProductionDeployment], begin: int
) -> set[str]:
    """Ids of the deployments for whose images entries from `begin` on may show another digest."""
    looks = [(one.entry_seq, one.images) for one in inputs.deployments]
    looks += [(one.entry_seq, one.images) for one in inputs.states]
    looks += [(one.entry_seq, one.images) for one in inputs.rollouts]
    told = [one for one in inputs.provenance if one.entry_seq >= begin]
    texts = [text for seq, images in looks if seq >= begin for text in images]
    texts += [
        f"{one.subject_name}@{one.subject_digest}" for one in told if one.predicate_type == TAG
    ]
    images = listed(texts)
    members = {one.ref for one in told if one.predicate_type == MEMBER}
    members |= {one.subject_digest for one in told if one.predicate_type == MEMBER}
    return {
        one.deployment_id
        for one in deployments
        for image in one.running
        if (plain_image(image.image), image.reference.partition("@")[0]) in images
        or not members.isdisjoint({*image.digests, image.reference.rpartition("@")[2]})
    }
