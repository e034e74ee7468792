"""Text as every database takes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evidence.store.escaped import from_text, to_text

ANY_TEXT = st.text(
    alphabet=st.characters(codec=None, categories=None)
    | st.sampled_from("\x00\x1a\ud800\udfff\udc80")
)


@given(ANY_TEXT)
def test_escaping_is_reversible_and_leaves_nothing_postgresql_refuses(text):
    stored = to_text(text)
    assert from_text(stored) == text
    assert "\x00" not in stored
    assert stored.encode().decode() == stored


@given(ANY_TEXT, ANY_TEXT)
def test_escaping_never_makes_two_texts_one(one, other):
    assert (to_text(one) == to_text(other)) == (one == other)
