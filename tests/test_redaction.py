"""Secrets are taken out before anything is hashed. Every token here is made when the test runs."""

from __future__ import annotations

import base64
import json
import random
import string
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import FIRST, pull, shop

from evidence.model.capture import Capture, Form, Redaction
from evidence.redaction import RULES, redact, redact_capture, redact_text, suspect
from evidence.store import queries
from evidence.store.session import open_store
from evidence.sync import sync

LETTERS = string.ascii_letters + string.digits
DRAW = random.Random(3)


def some(count: int, alphabet: str = LETTERS) -> str:
    return "".join(DRAW.choices(alphabet, k=count))


def upper(count: int) -> str:
    return some(count, string.ascii_uppercase + "234567")


KEY = "PRIVATE" + chr(32) + "KEY"
# Rule -> (text around the secret, the secret). Made of parts, so that none stands in a file.
SECRETS: dict[str, tuple[str, str]] = {
    "github-token": ("use {} now", "gh" + "p_" + some(36)),
    "gitlab-token": ("use {} now", "gl" + "pat-" + some(20)),
    "aws-access-key": ("id={}", "AK" + "IA" + upper(16)),
    "slack-token": ("{}", "xo" + "xb-" + some(24)),
    "slack-webhook": ("https://hooks.slack" + ".com/{}", "services/" + some(24)),
    "google-api-key": ("key {}", "AI" + "za" + some(35)),
    "stripe-key": ("{};", "sk" + "_live_" + some(24)),
    "npm-token": ("{}", "np" + "m_" + some(36)),
    "pypi-token": ("{}", "py" + "pi-AgE" + some(60)),
    "atlassian-token": ("{}", "ATA" + "TT3" + some(40)),
    "docker-token": ("{}", "dck" + "r_pat_" + some(27)),
    "sendgrid-token": ("{}", "S" + "G." + some(22) + "." + some(43)),
    "jwt": ("cookie {}", ".".join(("ey" + "J" + some(20), "ey" + "J" + some(30), some(40)))),
    "authorization": ("Authorization: Basic {}", some(30)),
    "bearer": ("curl -H 'X: Bearer {}'", some(20) + "1" + some(20)),
    "url-credential": ("clone https://mira:{}@git.example/shop", some(14)),
    "secret-field": ('{{"client_secret": "{}"}}', some(20)),
    "named-value": ('{{"name": "DB_PASSWORD", "value": "{}"}}', some(20)),
    "private-key": (
        "{}",
        "\n".join((f"-----BEGIN RSA {KEY}-----", some(64), f"-----END RSA {KEY}-----")),
    ),
}


def test_every_rule_has_its_case():
    assert {rule.name for rule in RULES} == set(SECRETS)


@pytest.mark.parametrize("rule", SECRETS)
def test_each_kind_of_secret_is_taken_out_and_counted(rule):
    around, secret = SECRETS[rule]
    found, what = redact(around.format(secret).encode())
    assert secret.encode() not in found
    assert found.decode() == around.format(f"[redacted:{rule}]")
    assert what == (Redaction(rule=rule, count=1),)


@pytest.mark.parametrize("rule", SECRETS)
def test_json_stays_json_and_keeps_all_else(rule):
    around, secret = SECRETS[rule]
    text = around.format(secret)
    value = {"before": [1, "a"], "text": f'line\n{text}\n"quoted"', "after": {"n": 10**30}}
    found, what = redact(json.dumps(value).encode())
    read = json.loads(found)
    assert (read["before"], read["after"]) == (value["before"], value["after"])
    if rule not in ("secret-field", "named-value"):  # JSON in a JSON string has other quotes
        assert secret not in read["text"]
        assert [each.rule for each in what] == [rule]
        assert read["text"] == f'line\n{around.format(f"[redacted:{rule}]")}\n"quoted"'


def test_a_key_that_was_cut_off_is_taken_out_to_the_end_of_its_string():
    text = f"-----BEGIN {KEY}-----\n{some(64)}"
    found, _ = redact(json.dumps({"log": text, "next": 1}).encode())
    assert json.loads(found) == {"log": "[redacted:private-key]", "next": 1}


@pytest.mark.parametrize(
    "text",
    [
        "a" * 40,
        "sha256:" + "0123456789abcdef" * 4,
        "The token is rotated by the bearer of the card",
        '{"sha": "' + "f" * 40 + '", "secretName": "shop-tls", "token_type": "x"}',
        "https://git.example:8443/acme/shop@v1",
        "task_abcdefghijklmnopqrstuvwxyz0123456789",
        '{"authorization": "pending"}',
    ],
)
def test_what_is_no_secret_stays_byte_for_byte(text):
    assert redact(text.encode()) == (text.encode(), ())


def test_two_of_a_kind_are_counted():
    one, two = ("gh" + "o_" + some(36) for _ in range(2))
    assert redact(f"{one} {two}".encode())[1] == (Redaction(rule="github-token", count=2),)


@given(st.lists(st.sampled_from(sorted(SECRETS)), max_size=4), st.text(max_size=20))
def test_a_second_pass_changes_nothing(rules, between):
    text = f" {between} ".join(SECRETS[rule][0].format(SECRETS[rule][1]) for rule in rules)
    once, _ = redact(json.dumps({"t": text}).encode())
    assert redact(once) == (once, ())
    assert isinstance(json.loads(once)["t"], str)


@pytest.mark.parametrize("rule", SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "Tea\n\n{}\n", "\u00e9 {} \U0001f375", "x{}x", "\udc80{}"]
)
def test_a_text_with_a_secret_is_suspect_wherever_it_stands(rule, around):
    form, secret = SECRETS[rule]
    assert suspect(around.format(form.format(secret)))


MATCHES = st.sampled_from(RULES).flatmap(lambda rule: st.from_regex(rule.pattern))
"""Bytes that a rule finds, and more around them: whatever its pattern allows."""


@given(
    st.lists(st.text(max_size=20) | MATCHES.map(lambda data: data.decode("latin-1")), max_size=4)
)
def test_what_is_not_suspect_holds_nothing_that_a_rule_finds(parts):
    text = "".join(parts)
    assert suspect(text) or redact_text(text) == text


@given(MATCHES)
def test_what_a_rule_finds_in_bytes_is_suspect_as_the_text_that_they_are(data):
    text = data.decode("utf-8", "surrogateescape")
    assert suspect(text) or redact(data) == (data, ())


@given(st.text(st.sampled_from('A-_.:/@"\ud800\u00e9 ') | st.characters()))
def test_odd_texts_that_are_not_suspect_hold_no_secret(text):
    assert suspect(text) or redact_text(text) == text


def test_ordinary_messages_are_not_suspect():
    texts = [
        "Tea: keep the pot warm\n\nSigned-off-by: Mira <mira@people.example>\n",
        "See https://shop.test/tea?pot=1 and \u00e9\n",
        'Say "match" where whoever bears a "name" asks; authorize nobody\n',
        "",
    ]
    assert not any(map(suspect, texts))


@given(st.binary(max_size=200))
def test_no_bytes_from_outside_make_it_fail(data):
    found, what = redact(data)
    assert (found == data) == (not what)


@given(st.text(max_size=60))
def test_text_with_odd_characters_comes_back(text):
    odd = text + "\udc80\ud800"
    assert redact_text(odd).endswith("\udc80\ud800")


def test_the_programs_own_secret_is_found_whatever_it_looks_like():
    own = "correct horse battery"
    found, what = redact(f"refused: {own}".encode(), own=(own, "", "short"))
    assert found == b"refused: [redacted:own-credential]"
    assert what == (Redaction(rule="own-credential", count=1),)


def test_a_capture_says_which_rule_and_how_many_never_what():
    token = SECRETS["npm-token"][1]
    capture = Capture(
        source="hub",
        kind="github.pull_request",
        key="1",
        series="q",
        observed_at=1,
        form=Form.SLICE,
        payload=json.dumps({"title": f"Use {token}"}).encode(),
        collector="github",
        collector_version="1",
    )
    told = redact_capture(capture)
    assert told.redactions == (Redaction(rule="npm-token", count=1),)
    assert token not in repr(told)
    assert redact_capture(told) is told


def test_a_sync_stores_no_secret_of_a_title_and_the_ledger_says_that_it_took_it_out(tmp_path):
    token = SECRETS["github-token"][1]
    with shop(tmp_path, FIRST + pull("gift", f"Use {token} for now")) as rehearsal:
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        sync(loaded)
    with closing(open_store(loaded.store_url)) as store:
        said = [
            capture.redactions
            for _, capture in queries.captures(store, range(queries.size(store)))
            if capture.redactions
        ]
    assert {one.rule for each in said for one in each} == {"github-token"}
    files = [path for path in loaded.home.iterdir() if path.name.startswith("evidence.sqlite3")]
    assert [path.name for path in files if token.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("name", ["", "a", "ab", "abc", "x-access-token", "mira@people.example"])
@pytest.mark.parametrize("alphabet", ["standard", "url-safe", "escaped"])
def test_the_programs_own_secret_is_found_behind_any_name_in_base64(name, alphabet):
    secret = some(24) + "?>~"
    encode = base64.urlsafe_b64encode if alphabet == "url-safe" else base64.b64encode
    pair = encode(f"{name}:{secret}".encode()).decode()
    written = pair.replace("/", "\\/") if alphabet == "escaped" else pair
    before, mark, after = redact_text(written, [secret]).partition("[redacted:own-credential]")
    assert mark
    assert len(base64.b64decode(before[: len(before) // 4 * 4])) <= len(name) + 1
    assert len(after.rstrip("=")) <= 1
