"""Thirty-two processes write into one SQLite store: nobody is refused, nothing is out of order."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evidence.model.git import RefTip
from evidence.store import audit, queries
from evidence.store.session import open_store

pytestmark = pytest.mark.long

WRITERS = 32
PAGES = 4

WRITE = """
import os
import sys
from evidence.model.capture import Capture, Form, Page
from evidence.model.git import RefTip
from evidence.store import upgrade, writer
from evidence.store.session import connect, version

class Said:
    gaps = ()

url, pages, writers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
practice = connect(url + ".practice")  # imports what each child would import again
upgrade.upgrade(practice)
practice.close()
children = []
for number in range(writers):
    child = os.fork()
    if child:
        children.append(child)
        continue
    name = "w%d" % number
    store = connect(url)
    if not version(store):
        upgrade.upgrade(store)
    for page in range(pages):
        said = Said()
        said.facts = (RefTip(repository=name, name=str(page), sha="a"),)
        capture = Capture(source=name, kind="k", key=str(page), series="s", observed_at=1,
                          form=Form.EXACT, payload=b"%d" % page, collector="git",
                          collector_version="1")
        writer.write_page(store, name, "refs", Page(captures=(capture,), cursor=str(page)), [said],
                          run_id="r")
        writer.append_entry(store, "receipt", {"source": name, "observed_at": page})
    os._exit(0)
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
"""


def write(url):
    """Exit status: how many writers failed; what they said."""
    command = [sys.executable, "-c", WRITE, url, str(PAGES), str(WRITERS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("begun", [True, False], ids=["with the schema", "an empty file"])
def test_thirty_two_writers_make_one_dense_ledger(tmp_path, sqlite_template, begun):
    path = tmp_path / "evidence.sqlite3"
    if begun:
        path.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{path}"
    assert write(url) == (0, "")
    store = open_store(url)
    assert audit.audit(store).size == WRITERS * PAGES * 2
    tips = queries.load(store, RefTip)
    assert sorted((tip.repository, tip.name) for tip in tips) == sorted(
        (f"w{number}", str(page)) for number in range(WRITERS) for page in range(PAGES)
    )
    for number in range(WRITERS):
        assert queries.cursor(store, f"w{number}", "refs") == str(PAGES - 1)
    store.close()
