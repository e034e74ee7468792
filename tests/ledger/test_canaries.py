"""Twenty secrets put wherever one may slip in: none comes out in database, packet or output.

Every one is made when the test runs; none stands in a file of this repository.
"""

from __future__ import annotations

import random
import string
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from shop_world import FIRST, bump, pull, shop, write_configuration

from evidence.cli import main as program
from evidence.manifest.capture_file import parse_capture_file
from evidence.seal import keys
from evidence.store import queries
from evidence.store.session import open_store

DRAW = random.Random(11)
KEY = "PRIVATE" + chr(32) + "KEY"


def some(count, alphabet=string.ascii_letters + string.digits):
    return "".join(DRAW.choices(alphabet, k=count))


# Where it is written -> the secret. The first part stands in what the forge answers.
TITLE = {"github": "gh" + "p_" + some(36), "address": some(16)}
BODY = {
    "gitlab": "gl" + "pat-" + some(20),
    "jwt": ".".join(("ey" + "J" + some(20), "ey" + "J" + some(30), some(40))),
    "stripe": "sk" + "_live_" + some(24),
    "google": "AI" + "za" + some(35),
    "pypi": "py" + "pi-AgE" + some(60),
    "docker": "dck" + "r_pat_" + some(27),
    "key": some(64),
}
REVIEW = {"aws": "AK" + "IA" + some(16, string.ascii_uppercase), "basic": some(30)}
COMMENT = {"slack": "xo" + "xb-" + some(24), "bearer": some(20) + "7" + some(12)}
MESSAGE = {"npm": "np" + "m_" + some(36)}
SETTINGS = {name: some(18) for name in ("tsa", "anchor", "store", "clone", "literal", "wrong")}
EVERY = TITLE | BODY | REVIEW | COMMENT | MESSAGE | SETTINGS
STORY = (
    FIRST
    + pull("gift", f"Use {TITLE['github']} at https://mira:{TITLE['address']}@git.example")
    .replace(
        'requested_by = "carl"',
        'requested_by = "carl"\nbody = """'
        + " ".join(BODY[name] for name in BODY if name != "key")
        + f'\n-----BEGIN {KEY}-----\n{BODY["key"]}\n-----END {KEY}-----"""',
    )
    .replace(
        '{ do = "review", by = "bert" },',
        f"""{{ do = "comment", by = "bert", body = "{COMMENT["slack"]} Bearer {COMMENT["bearer"]}" }},
  {{ do = "review", by = "bert", body = "{REVIEW["aws"]} Authorization: Basic {REVIEW["basic"]}" }},""",
    )
    + bump("to-gift", "gift")
    + f"""
[[push]]
key = "hotfix"
at = "+3d"
by = "dora"
files = {{ "shop/hotfix.py" = "FIXED = True\\n" }}
message = "Publish with {MESSAGE["npm"]}"
"""
)


@pytest.fixture
def evidence(monkeypatch, capfd):
    """Runs a command in this process; its exit code and all that it wrote."""

    def run(*words, **variables):
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["evidence", *map(str, words)])
            with pytest.raises(SystemExit) as ended:
                program.main()
        printed = capfd.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run


def found_in(data: bytes) -> list[str]:
    """The canaries in some bytes."""
    return [name for name, secret in EVERY.items() if secret.encode() in data]


def test_there_are_twenty():
    assert len(EVERY) == len(set(EVERY.values())) == 20


@pytest.mark.long
@pytest.mark.usefixtures("brief_pdf")
def test_no_canary_comes_out_anywhere(evidence, tmp_path, monkeypatch):
    with shop(tmp_path / "live", STORY) as live:
        keys.init(live.keys, name="Example Shop")
        live.simulation.at(live.simulation.history.ends_at)
        file = write_configuration(live, tmp_path / "evidence.toml")
        monkeypatch.setenv("EVIDENCE_HOME", str(live.home))
        monkeypatch.setenv("EVIDENCE_CONFIG", str(file))
        packet = tmp_path / "packet"
        report = ("report", "--from", "2026-07-01", "--to", "2026-09-30", "--output", packet)
        dead = "@127.0.0.1:9"
        said = [
            evidence("sync"),
            evidence("sync", EVIDENCE_ANCHOR__GIT=f"http://mira:{SETTINGS['anchor']}{dead}/a.git"),
            evidence("anchor", EVIDENCE_ANCHOR__TSA=f"http://mira:{SETTINGS['tsa']}{dead}/tsa"),
            evidence(*report, EVIDENCE_SEAL__TSA=f"http://mira:{SETTINGS['tsa']}{dead}/tsa"),
            evidence(
                "status",
                EVIDENCE_STORE__URL=f"postgresql://mira:{SETTINGS['store']}{dead}/e"
                "?connect_timeout=2",
            ),
            evidence("sync", EVIDENCE_CONFIG=str(changed(file, "secret", SETTINGS["literal"]))),
            evidence(
                "sync",
                EVIDENCE_CONFIG=str(changed(file, "secret", "env:WRONG")),
                WRONG=SETTINGS["wrong"],
            ),
            evidence(
                "sync",
                "git",
                EVIDENCE_CONFIG=str(
                    changed(file, "clone", f"http://mira:{SETTINGS['clone']}{dead}/shop.git")
                ),
            ),
            evidence("trace", live.simulation.history.names["gift"][1]),
            evidence("status"),
            evidence(*report),
            evidence("verify", "--store"),
        ]
    assert [code for code, _ in said] == [0, 1, 1, 1, 1, 2, 4, 5, 0, 0, 0, 0]
    for _, text in said:
        assert found_in(text.encode()) == []
    stored = [path for path in live.home.iterdir() if path.name.startswith("evidence.sqlite3")]
    packed = [path for path in packet.rglob("*") if path.is_file()]
    assert (bool(stored), bool(packed)) == (True, True)
    held = {path.name: path.read_bytes() for path in stored + packed}
    held |= unpacked(live.home, packet)
    assert {name: found for name, data in held.items() if (found := found_in(data))} == {}
    assert sum(b"[redacted:" in data for data in held.values()) > 3


def unpacked(home, packet) -> dict[str, bytes]:
    """Payloads as they were before they were compressed or encoded."""
    found = {}
    with closing(open_store(f"sqlite:///{home / 'evidence.sqlite3'}")) as store:
        for row in queries.entries_in(store, range(queries.size(store))):
            found[f"entry {row.seq}"] = row.text.encode() + (row.payload or b"")
    for path in (packet / "captures").glob("*.json"):
        found[path.name] = parse_capture_file(path.read_bytes()).payload or b""
    return found


def changed(file: Path, key: str, value: str) -> Path:
    """The configuration with the first value of a key replaced."""
    lines = file.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{key} = "))
    lines[at] = f'{key} = "{value}"'
    path = file.with_name(f"changed-{key}.toml")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
