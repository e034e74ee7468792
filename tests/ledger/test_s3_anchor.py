"""A checkpoint under Object Lock: written through boto3 to a server that keeps S3's rules."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from werkzeug import Request, Response

sys.path.insert(0, str(Path(__file__).parent))


from evidence.store import queries
from evidence.store.session import open_store

pytest.importorskip("boto3")

SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=\S+/s3/aws4_request, SignedHeaders=(\S+), Sig")


class Vault:
    """Versions of objects in one bucket; a locked one can be deleted by nobody before its day."""

    def __init__(self, lock="COMPLIANCE"):
        self.lock = lock
        self.versions = {}

    def serve(self, request: Request) -> Response:
        problem = self.refusal(request)
        if problem:
            return self.error(*problem)
        return getattr(self, request.method.lower())(request)

    def refusal(self, request):
        signed = SIGNED.match(request.headers.get("Authorization", ""))
        if not signed:
            return 403, "AccessDenied"
        data = request.get_data()
        if request.headers["x-amz-content-sha256"] != hashlib.sha256(data).hexdigest():
            return 400, "XAmzContentSHA256Mismatch"
        if request.method != "PUT":
            return None
        wanted = base64.b64encode(hashlib.sha256(data).digest()).decode()
        if request.headers.get("x-amz-checksum-sha256") != wanted:
            return 400, "InvalidRequest"  # "required for Put Object requests with Object Lock"
        locks = {"x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"}
        if not locks <= set(signed[1].split(";")):
            return 403, "AccessDenied"
        until = datetime.fromisoformat(request.headers["x-amz-object-lock-retain-until-date"])
        return None if until > datetime.now(UTC) else (400, "InvalidArgument")

    def error(self, status, code):
        body = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
        return Response(body, status=status, content_type="application/xml")

    def put(self, request):
        version = secrets.token_hex(8)
        until = request.headers["x-amz-object-lock-retain-until-date"]
        self.versions[request.path, version] = (request.get_data(), until)
        return Response(headers={"x-amz-version-id": version, "ETag": '"x"'})

    def head(self, request):
        data, until = self.versions[request.path, request.args["versionId"]]
        headers = {
            "Content-Length": str(len(data)),
            "Last-Modified": format_datetime(datetime.now(UTC), usegmt=True),
        }
        if self.lock:
            headers["x-amz-object-lock-mode"] = self.lock
            headers["x-amz-object-lock-retain-until-date"] = until
        return Response(headers=headers)

    def delete(self, _request):
        return self.error(403, "AccessDenied")


@pytest.fixture
def home(orchard, monkeypatch, httpserver):
    """A user with keys, a ledger and a bucket."""
    variables = {
        "EVIDENCE_ANCHOR__S3": "s3://anchors/ledgers",
        "EVIDENCE_ANCHOR__S3_ENDPOINT": httpserver.url_for("/").rstrip("/"),
        "AWS_ACCESS_KEY_ID": secrets.token_hex(8),
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(16),
        "AWS_DEFAULT_REGION": "eu-test-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return orchard.folder


def serving(httpserver, vault):
    httpserver.expect_request(re.compile("/anchors/.*")).respond_with_handler(vault.serve)
    return vault


def recorded(home):
    with closing(open_store(f"sqlite:///{home / 'data' / 'evidence.sqlite3'}")) as store:
        return [row.envelope["body"] for row in queries.entries(store, "anchor")]


def test_a_checkpoint_is_locked_for_as_long_as_configured(home, httpserver, evidence):
    vault = serving(httpserver, Vault())
    code, note, said = evidence("anchor")
    address = "s3://anchors/ledgers/evidence/orchard/000000000021.note"
    assert (code, f"anchored by the locked object {address}" in said) == (0, True)
    [((path, version), (data, until))] = vault.versions.items()
    assert (path, data.decode()) == ("/anchors/ledgers/evidence/orchard/000000000021.note", note)
    days = datetime.fromisoformat(until) - datetime.now(UTC)
    assert timedelta(days=399) < days <= timedelta(days=400)
    [body] = recorded(home)
    assert (body["s3"]["object"], body["s3"]["version"]) == (address, version)
    assert datetime.fromisoformat(body["s3"]["until"]) == datetime.fromisoformat(until)


@pytest.mark.parametrize("lock", ["", "GOVERNANCE"])
def test_a_bucket_that_does_not_lock_for_everybody_is_no_anchor(home, httpserver, evidence, lock):
    serving(httpserver, Vault(lock))
    code, _, said = evidence("anchor")
    assert (code, "is not locked in compliance mode" in said) == (1, True)
    assert recorded(home) == []


def test_a_refusal_is_told_without_the_credentials(home, httpserver, evidence, monkeypatch):
    httpserver.expect_request(re.compile("/anchors/.*")).respond_with_handler(
        lambda _request: Vault().error(403, "AccessDenied")
    )
    code, _, said = evidence("anchor")
    assert (code, "AccessDenied" in said) == (1, True)
    assert recorded(home) == []


@pytest.mark.parametrize("address", ["anchors", "https://anchors.example/x", "s3:///x", "s3://b?x"])
def test_what_is_no_bucket_is_said_to_be_none(home, evidence, monkeypatch, address):
    monkeypatch.setenv("EVIDENCE_ANCHOR__S3", address)
    code, _, said = evidence("anchor")
    assert (code, "is not the address of a bucket" in said) == (2, True)


def test_without_the_extra_the_reader_is_told_what_to_install(home, evidence, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    code, _, said = evidence("anchor")
    assert (code, "pip install 'soc2-evidence[s3]'" in said) == (2, True)
