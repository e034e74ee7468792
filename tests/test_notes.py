"""Signed notes open with the right key and with no other."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import notes
from evidence.errors import IntegrityError

# The example of the Go package golang.org/x/mod/sumdb/note: a public key and a note signed by it.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


# The test vector of c2sp.org/signed-note, section "Test vectors".
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n"
    "\n"
    "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

# The example of c2sp.org/tlog-checkpoint; its key is not published.
C2SP_CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
)


@pytest.fixture(scope="module")
def key():
    private = Ed25519PrivateKey.generate()
    return private, private.public_key().public_bytes_raw()


@pytest.fixture(scope="module")
def note(key):
    return notes.sign_note(
        notes.note_text("shop.test/ledger", 12, bytes(32)), "shop.test", key[1], key[0].sign
    )


@pytest.mark.parametrize(
    ("line", "note"), [(GO_KEY, GO_NOTE), (C2SP_KEY, C2SP_NOTE)], ids=["Go", "C2SP"]
)
def test_a_published_note_opens_with_its_published_key(line, note):
    name, _, encoded = line.split("+", 2)
    public = base64.b64decode(encoded)[1:]
    assert notes.verifier_key(name, public) == line
    assert notes.open_note(note, {name: public}) == note[: note.index("\n\n") + 1]


def test_the_published_checkpoint_reads_and_writes_as_published():
    found = notes.parse_checkpoint(C2SP_CHECKPOINT)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert notes.note_text(found.origin, found.size, found.root) == C2SP_CHECKPOINT
    assert notes.parse_checkpoint(C2SP_CHECKPOINT + "an extension line\n") == found


@pytest.mark.parametrize("more", ["\n", "\nextension\n", "extension\n\n", "extension"])
def test_an_empty_or_unfinished_extension_line_is_refused(more):
    with pytest.raises(IntegrityError, match="not a checkpoint"):
        notes.parse_checkpoint(C2SP_CHECKPOINT + more)


def test_a_checkpoint_comes_back_as_it_was_signed(key, note):
    text = notes.open_note(note, {"shop.test": key[1]})
    assert notes.parse_checkpoint(text) == notes.Checkpoint(
        origin="shop.test/ledger", size=12, root=bytes(32)
    )


def test_a_note_has_its_text_an_empty_line_and_an_em_dash_line(note):
    lines = note.split("\n")
    assert lines[:2] == ["shop.test/ledger", "12"]
    assert lines[3] == ""
    assert lines[4].startswith("\u2014 shop.test ")
    assert lines[5:] == [""]


def test_no_single_altered_character_of_a_note_goes_unnoticed(key, note):
    for at, char in enumerate(note):
        altered = note[:at] + ("A" if char != "A" else "B") + note[at + 1 :]
        with pytest.raises(IntegrityError):
            notes.open_note(altered, {"shop.test": key[1]})


def test_signatures_by_unknown_keys_are_ignored_but_one_known_must_be_there(key, note):
    other = Ed25519PrivateKey.generate()
    public = other.public_key().public_bytes_raw()
    both = (
        note
        + notes.sign_note(note[: note.index("\n\n") + 1], "other.test", public, other.sign).split(
            "\n\n"
        )[1]
    )
    assert notes.open_note(both, {"shop.test": key[1]}) == notes.open_note(
        both, {"other.test": public}
    )
    with pytest.raises(IntegrityError, match="trusted here"):
        notes.open_note(both, {"third.test": public})
    with pytest.raises(IntegrityError, match="trusted here"):
        notes.open_note(both, {"shop.test": public})


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a\n",
        "a\n\n",
        "a\n\nb\n",
        "a\n\n\u2014 n !!!!\n",
        "a\n\n\u2014 n AAAA\n",
        "a\x01\n\n\u2014 n AAAAAAAA\n",
        "a\n\n\u2014 n AAAAAAB=\n",
        "x" * 100_001,
    ],
)
def test_what_is_not_a_note_is_refused(bad):
    with pytest.raises(IntegrityError):
        notes.open_note(bad, {"n": bytes(32)})


@pytest.mark.parametrize(
    "bad",
    [
        "o\n1\nAAAA\n",
        "o\n01\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n1\n!\n",
        "\n1\n\n",
        "o\n1",
        "o\n-1\nAAAA\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(bad):
    with pytest.raises(IntegrityError):
        notes.parse_checkpoint(bad)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("no newline", "n"),
        ("tab\t\n", "n"),
        ("a\n", ""),
        ("a\n", "a b"),
        ("a\n", "a+b"),
        ("\ud800\n", "n"),
    ],
)
def test_a_text_or_name_that_a_note_cannot_hold_is_never_signed(key, text, name):
    with pytest.raises(ValueError):
        notes.sign_note(text, name, key[1], key[0].sign)
