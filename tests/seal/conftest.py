"""Keys made at test time and a rendered folder that waits for its seal."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from evidence.manifest import Predicate
from evidence.seal import keys as key_files
from evidence.seal.keys import KeySet


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "own"
    key_files.init(folder, name="Orchard Example")
    return folder


@pytest.fixture(scope="session")
def keys(key_folder) -> KeySet:
    return key_files.load(key_folder)


@pytest.fixture(scope="session")
def predicate() -> Predicate:
    return Predicate(
        entity="Orchard Example",
        period_from="2026-01-01T00:00:00Z",
        period_to="2026-07-01T00:00:00Z",
        zone="Europe/Lisbon",
        checkpoint="",
        tool_version="0.0.0",
    )


@pytest.fixture(scope="session")
def pdf() -> bytes:
    document = pikepdf.new()
    document.add_blank_page(page_size=(300, 200))
    buffer = BytesIO()
    document.save(buffer, deterministic_id=True)
    return buffer.getvalue()


@pytest.fixture
def rendered(tmp_path, pdf) -> Path:
    folder = tmp_path / "packet"
    folder.mkdir()
    (folder / "packet.pdf").write_bytes(pdf)
    (folder / "population.csv").write_text('"change"\n"orchard:pr:1"\n')
    return folder
