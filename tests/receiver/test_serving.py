"""Deliveries over real HTTP: stored before they are answered, each once, and only signed ones."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest
from receiver_world import basic, bearer, flux_headers, github_headers, up

from evidence.collectors.received.parse import KIND
from evidence.errors import StoreError
from evidence.model.capture import Form
from evidence.receiver import storing
from evidence.runlock import run_lock
from evidence.sources import replay
from evidence.store import queries, rebuild, writer
from evidence.store.audit import audit
from evidence.store.session import open_store

PULL = json.dumps(
    {
        "action": "closed",
        "pull_request": {"id": 9, "number": 12, "head": {"sha": "a" * 40}},
        "repository": {"full_name": "acme/shop"},
    }
).encode()


def stored(serving):
    """(seq, capture) of every delivery in the ledger."""
    seqs = range(queries.size(serving.store))
    return [(seq, one) for seq, one in queries.captures(serving.store, seqs) if one.kind == KIND]


def test_a_signed_delivery_is_in_the_ledger_when_it_is_answered(serving):
    status, answer = serving.github(PULL)

    ((seq, capture),) = stored(serving)
    assert (status, answer) == (200, {"status": "stored", "entry": seq})
    assert capture.payload == PULL
    assert capture.form is Form.EXACT
    assert capture.context["signature"] == "hmac-sha256"


def test_the_fact_says_what_to_read_and_how_the_sender_is_known(serving):
    serving.github(PULL, key="TEST_GITHUB_OLD", number="abcdef12-3456")

    (fact,) = serving.deliveries()
    assert (fact.source, fact.about, fact.event) == (
        "github",
        "acme/shop#12",
        "pull_request.closed",
    )
    assert (fact.delivery_id, fact.signature, fact.secret) == ("abcdef12-3456", "hmac-sha256", 2)


def test_a_delivery_that_comes_twice_adds_one_entry(serving):
    first, size = serving.github(PULL), queries.size(serving.store)

    assert serving.github(PULL) == (200, {"status": "duplicate", "entry": first[1]["entry"]})
    assert queries.size(serving.store) == size


def test_a_replay_under_another_id_is_the_same_delivery(serving):
    entry = serving.github(PULL)[1]["entry"]

    again = serving.github(PULL, number="99999999-8888")

    assert again == (200, {"status": "duplicate", "entry": entry})


def test_what_has_no_id_is_known_by_its_content(serving):
    body = b'{"involvedObject": {"kind": "Kustomization", "name": "a", "namespace": "b"}}'
    headers = flux_headers(serving.keys["TEST_FLUX"], body)

    answers = [serving.post("/webhooks/flux", body, headers)[1]["status"] for _ in range(2)]

    assert answers == ["stored", "duplicate"]
    assert [one.about for one in serving.deliveries()] == ["Kustomization/b/a"]


def test_every_system_delivers_in_its_own_way(serving):
    keys = serving.keys
    body = json.dumps({"namespace": "shop", "name": "web", "uid": "u"}).encode()
    sent = {
        "github": github_headers(keys["TEST_GITHUB"], body),
        "flux": flux_headers(keys["TEST_FLUX"], body, "sha512"),
        "argocd": bearer(keys["TEST_ARGOCD"]),
        "argo-rollouts": bearer(keys["TEST_ROLLOUTS"]),
        "flagger": basic(keys["TEST_FLAGGER"]),
    }

    answers = {kind: serving.post(f"/webhooks/{kind}", body, head) for kind, head in sent.items()}

    assert {answer[0] for answer in answers.values()} == {200}
    assert {one.source: one.signature for one in serving.deliveries()} == {
        "github": "hmac-sha256",
        "flux": "hmac-sha512",
        "argocd": "bearer",
        "argo-rollouts": "bearer",
        "flagger": "basic",
    }


def test_deliveries_that_wait_together_are_each_stored_once(serving):
    bodies = [json.dumps({"repository": {"full_name": f"acme/r{n}"}}).encode() for n in range(40)]
    answers = []

    def send(number):
        for at in range(40):
            n = (at * 7 + number) % 40
            answers.append((n, serving.github(bodies[n], number=f"number-{n:04d}")))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {status for _, (status, _) in answers} == {200}
    assert len({(n, answer["entry"]) for n, (_, answer) in answers}) == 40
    assert sum(answer["status"] == "stored" for _, (_, answer) in answers) == 40
    assert len(stored(serving)) == 40
    audit(serving.store)


def test_a_sync_may_run_at_the_same_time(serving, tmp_path):
    ended = threading.Event()

    def others():
        while not ended.wait(0.005):
            writer.append_entry(serving.store, "receipt", {"observed_at": 1})

    with run_lock(tmp_path):
        thread = threading.Thread(target=others)
        thread.start()
        answers = {serving.github(b'{"n": %d}' % n, number=f"n-{n:08d}")[0] for n in range(20)}
        ended.set()
        thread.join()

    assert answers == {200}
    audit(serving.store)


def test_replaying_the_ledger_gives_the_same_deliveries(serving):
    serving.github(PULL)
    before = serving.deliveries()

    rebuild.rebuild(serving.store, replay)

    assert serving.deliveries() == before


def test_a_secret_in_a_delivery_does_not_enter_the_ledger(serving):
    token = serving.keys["TEST_FLAGGER"]
    body = json.dumps({"name": "web", "metadata": {"given": token}}).encode()

    serving.post("/webhooks/flagger", body, basic(token))

    ((_, capture),) = stored(serving)
    assert token.encode() not in capture.payload
    assert [one.rule for one in capture.redactions] == ["own-credential"]


def test_at_its_end_a_receiver_tells_when_it_was_up_and_what_came(configure, store_url, keys):
    loaded, store = configure(store_url), open_store(store_url)
    with up(loaded, store, keys) as serving:
        serving.github(PULL)
        serving.github(PULL)
        serving.post("/webhooks/github", PULL)

    told = {one.source: one for _, one in queries.receipts(store)}
    one = told["github:deliveries"]
    assert (one.calls, one.objects_read, one.versions_new, one.objects_unchanged) == (3, 2, 1, 1)
    assert one.window_from < one.window_to
    assert told["flux:deliveries"].calls == 0
    assert keys["TEST_GITHUB"] not in str(told)
    store.close()


class TestRefused:
    """What is refused is counted, and nothing of it is stored."""

    @pytest.fixture(autouse=True)
    def nothing_is_stored(self, sqlite_serving):
        self.serving = sqlite_serving
        before = queries.size(self.serving.store)
        yield
        assert queries.size(self.serving.store) == before

    def refused(self):
        return self.serving.counted()["refused"]

    def test_an_unsigned_delivery_is_refused(self):
        assert self.serving.post("/webhooks/github", PULL)[0] == 401
        assert self.refused() == {"unsigned": 1}

    def test_a_delivery_of_somebody_else_is_refused(self):
        headers = github_headers("another secret", PULL)

        assert self.serving.post("/webhooks/github", PULL, headers)[0] == 403
        assert self.refused() == {"wrong-signature": 1}

    def test_the_secret_of_another_source_does_not_count(self):
        token = self.serving.keys["TEST_ARGOCD"]

        assert self.serving.post("/webhooks/flagger", b"{}", bearer(token))[0] == 403

    def test_a_signature_over_other_bytes_is_refused(self):
        headers = github_headers(self.serving.keys["TEST_GITHUB"], PULL)

        assert self.serving.post("/webhooks/github", PULL + b" ", headers)[0] == 403

    def test_a_token_does_not_stand_for_a_signature(self):
        token = self.serving.keys["TEST_GITHUB"]

        assert self.serving.post("/webhooks/github", PULL, bearer(token))[0] == 401

    def test_a_path_of_no_source_is_not_found(self):
        for path in (
            "/webhooks/none",
            "/webhooks/",
            "/",
            "/webhooks/github/",
            "/%00",
            "/webhooks/%2e",
        ):
            assert self.serving.post(path, PULL)[0] == 404

    def test_only_post_delivers(self):
        assert self.serving.post("/webhooks/github", None, method="GET")[0] == 405

    def test_a_body_beyond_the_limit_is_refused_before_it_is_read(self):
        headers = github_headers(self.serving.keys["TEST_GITHUB"], PULL)
        headers["Content-Length"] = str(10**9)

        assert self.serving.post("/webhooks/github", b"", headers)[0] == 413

    def test_a_body_that_does_not_say_how_long_it_is_has_the_same_limit(self):
        headers = github_headers(self.serving.keys["TEST_GITHUB"], PULL)

        def chunks():
            for _ in range(5):
                yield b"x" * 20_000

        assert self.serving.post("/webhooks/github", chunks(), headers)[0] == 413

    @pytest.mark.parametrize(("signed", "status"), [(True, 413), (False, 401)])
    def test_a_sender_that_writes_on_after_the_refusal_still_hears_it(self, signed, status):
        headers = github_headers(self.serving.keys["TEST_GITHUB"], PULL)
        if not signed:
            del headers["X-Hub-Signature-256"]

        def chunks():
            for _ in range(10):
                time.sleep(0.01)
                yield b"x" * 80_000

        assert self.serving.post("/webhooks/github", chunks(), headers)[0] == status

    def test_headers_beyond_all_measure_end_the_connection(self):
        assert raw(self.serving, head() + b"X-Long: " + b"a" * 200_000) == b""


def test_a_body_that_does_not_come_is_not_waited_for(hasty_serving):
    begun = head(b"Content-Length: 100\r\n")

    assert b" 408 " in raw(hasty_serving, begun + b"\r\n{").split(b"\r\n")[0]
    assert hasty_serving.deliveries() == []


@pytest.mark.parametrize("sent", ["headers that do not end", "nothing"])
def test_a_connection_that_comes_to_no_request_is_ended(hasty_serving, sent):
    assert raw(hasty_serving, b"" if sent == "nothing" else head()) == b""
    assert hasty_serving.deliveries() == []


def head(more=b""):
    signature = b"X-Hub-Signature-256: sha256=" + b"0" * 64
    return b"POST /webhooks/github HTTP/1.1\r\nHost: r.test\r\n" + signature + b"\r\n" + more


def raw(serving, data):
    """All that is answered to these bytes until the receiver ends the connection."""
    with socket.create_connection(("127.0.0.1", serving.port), timeout=300) as one:
        try:
            one.sendall(data)
            return b"".join(iter(lambda: one.recv(65_536), b""))
        except ConnectionError:
            return b""


def test_a_store_that_refuses_is_answered_so_that_the_sender_comes_again(
    sqlite_serving, monkeypatch
):
    def broken(*_, **__):
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(storing.writer, "write_page", broken)
        assert sqlite_serving.github(PULL) == (
            503,
            {"status": "refused", "reason": "not-stored"},
        )

    assert sqlite_serving.github(PULL)[1]["status"] == "stored"
