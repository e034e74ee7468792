"""Makes the packet factory importable and renders its packet once for all tests that read it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from packet_factory import make_packet

from evidence.report.data import PacketData
from evidence.report.render import write_packet


@pytest.fixture
def data() -> PacketData:
    return make_packet()


@pytest.fixture(scope="session")
def packet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("rendered") / "packet"
    write_packet(make_packet(), directory)
    return directory


@pytest.fixture(scope="session")
def page(packet: Path) -> str:
    return (packet / "packet.html").read_text("utf-8")
