"""How Git is run: errors that say what to do, secrets that stay out of sight, nothing inherited."""

from __future__ import annotations

import functools
import http.server
import logging
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from evidence.collectors.git import GitCollector, tool, version_problem
from evidence.collectors.git.mirror import Finished, _failure, redacted_url, remote_settings
from evidence.collectors.git.output import redact
from evidence.collectors.git.tool import GitTool
from evidence.errors import AuthError, ConfigError, SourceError, UnavailableError
from evidence.model.capture import Window

WINDOW = Window(since=0, until=1)
SECRET = "Basic " + b"invented".hex()


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves files to those who send the one right header."""

    def do_GET(self):
        self.server.seen.append(self.headers.get("Authorization", ""))
        if self.headers.get("Authorization") != SECRET:
            self.send_error(401)
            return
        super().do_GET()

    def log_message(self, *_args):
        return


@pytest.fixture
def server(origin):
    handler = functools.partial(Files, directory=str(origin.path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.seen = []
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def over_http(server, tmp_path, authorization) -> GitCollector:
    return GitCollector(
        source="git-test",
        repository="shop/app",
        url=f"http://user:word@127.0.0.1:{server.server_port}/",
        directory=tmp_path / "mirror",
        authorization=authorization,
    )


def test_a_credential_reaches_the_server_and_nothing_else(
    server, origin, tmp_path, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG)
    tip = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", tip)
    origin.git("update-server-info")
    commands = []
    popen = subprocess.Popen.__init__
    monkeypatch.setattr(
        subprocess.Popen,
        "__init__",
        lambda self, args, *a, **k: commands.append(args) or popen(self, args, *a, **k),
    )
    collector = over_http(server, tmp_path, lambda: SECRET)
    (page,) = collector.fetch(WINDOW, "")
    assert [row[1] for row in collector.new_commits()] == [tip]
    assert SECRET in server.seen
    word = SECRET.split()[1]
    assert len(commands) > 5
    assert word not in str(commands)
    assert "user:word" not in str(commands)
    assert word not in caplog.text
    assert word not in repr(page)
    assert page.captures[0].exchanges[0].url == f"http://127.0.0.1:{server.server_port}/"
    assert not [
        path
        for path in (tmp_path / "mirror").rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    ]


def test_a_refused_credential_is_an_authentication_error_that_hides_it(server, tmp_path):
    collector = over_http(server, tmp_path, lambda: "Basic d3Jvbmc=")
    with pytest.raises(AuthError) as caught:
        list(collector.fetch(WINDOW, ""))
    assert "d3Jvbmc=" not in str(caught.value)
    assert "user:word" not in str(caught.value)


def test_a_server_that_is_not_there_is_unavailable(tmp_path):
    collector = GitCollector(
        source="git-test",
        repository="shop/app",
        url="http://127.0.0.1:9/none",
        directory=tmp_path / "mirror",
    )
    with pytest.raises(UnavailableError) as raised:
        list(collector.fetch(WINDOW, ""))
    assert raised.value.message.splitlines() == [raised.value.message], "no trace of the transport"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("fatal: Authentication failed for 'https://git.test/'", AuthError),
        ("git@git.test: Permission denied (publickey).", AuthError),
        ("fatal: could not read Username: terminal prompts disabled", AuthError),
        ("remote: Repository not found.", SourceError),
        ("fatal: unable to access: Could not resolve host: git.test", UnavailableError),
        ("ssh: connect to host git.test port 22: Connection refused", UnavailableError),
        ("fatal: early EOF", UnavailableError),
        ("remote: possible repository corruption on the remote side.\nearly EOF", SourceError),
        ("fatal: something new", SourceError),
        ("", SourceError),
    ],
)
def test_what_git_says_decides_what_the_reader_is_told(said, error):
    failure = _failure(Finished(status=128, stdout=b"", stderr=said))
    assert type(failure) is error
    assert said in failure.message


def test_a_header_is_only_for_the_host_it_was_given_for():
    assert remote_settings("https://robin@git.test:8443/shop/app.git", "Bearer x") == (
        ("remote.origin.url", "https://robin@git.test:8443/shop/app.git"),
        ("http.https://git.test:8443/.extraHeader", "Authorization: Bearer x"),
    )


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("https://robin:word@git.test/a.git?token=1#x", "https://git.test/a.git"),
        ("ssh://git@git.test:22/a.git", "ssh://git.test:22/a.git"),
        ("git@git.test:shop/app.git", "git@git.test:shop/app.git"),
        ("/srv/git/app.git", "/srv/git/app.git"),
    ],
)
def test_urls_are_printed_without_secrets(url, printed):
    assert redacted_url(url) == printed


def test_errors_are_printed_without_secrets():
    text = "fatal: unable to access 'https://a:b@git.test/x?key=c': header Basic zzz, zzz"
    assert redact(text, ["Authorization: Basic zzz"]) == (
        "fatal: unable to access 'https://git.test/x': header Basic ***, ***"
    )


def test_a_command_that_takes_too_long_is_stopped(tmp_path):
    slow = GitTool(tmp_path, timeout=0.2)
    done = slow.run("-c", "alias.wait=!sleep 30", "wait")
    assert done.status != 0
    assert "did not complete" in done.stderr


def test_messages_on_standard_error_never_block_a_stream(tmp_path):
    noisy = "alias.noise=!head -c 3000000 /dev/zero >&2; echo done"
    with GitTool(tmp_path).stream("-c", noisy, "noise") as stream:
        assert stream.stdout.read() == b"done\n"
        assert stream.wait() == 0


def test_a_stream_that_is_left_early_is_stopped(origin):
    with GitTool(origin.path).converse("cat-file", "--batch") as stream:
        process = stream._process.proc
        assert process.poll() is None
    assert process.returncode == -signal.SIGTERM


def test_settings_of_the_account_and_hooks_have_no_say(origin, collector, tmp_path, monkeypatch):
    home = tmp_path / "home"
    hooks = home / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "reference-transaction").chmod(0o755)
    (home / ".gitconfig").write_text(
        f'[core]\nhooksPath = {hooks}\n[url "/nowhere"]\ninsteadOf = file://\n[fetch]\nprune = false\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    tip = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", tip)
    list(collector.fetch(WINDOW, ""))
    assert [row[1] for row in collector.new_commits()] == [tip]
    assert not (tmp_path / "ran").exists()


def test_replace_refs_do_not_change_what_is_read(origin, collector, tmp_path):
    tip = origin.commit({"a": b"1"}, message=b"true\n")
    other = origin.commit({"a": b"1"}, message=b"false\n")
    origin.ref("refs/heads/main", tip)
    origin.ref("refs/heads/other", other)
    list(collector.fetch(WINDOW, ""))
    origin.git("--git-dir", str(tmp_path / "mirror"), "update-ref", f"refs/replace/{tip}", other)
    assert {row[1]: row[10] for row in collector.new_commits()} == {
        tip: "true\n",
        other: "false\n",
    }


def test_grafts_of_the_caller_do_not_change_what_is_read(origin, collector, tmp_path, monkeypatch):
    root = origin.commit({"a": b"1"})
    tip = origin.commit({"a": b"2"}, root)
    origin.ref("refs/heads/main", tip)
    list(collector.fetch(WINDOW, ""))
    (tmp_path / "grafts").write_text(f"{tip}\n")
    monkeypatch.setenv("GIT_GRAFT_FILE", str(tmp_path / "grafts"))
    done = collector._mirror.tool.run("rev-list", "--all")
    assert (done.stdout.decode().split(), done.stderr) == ([tip, root], "")


def test_the_installed_git_is_recent_enough():
    assert version_problem() == ""


def test_an_old_git_is_named(monkeypatch):
    monkeypatch.setattr(tool, "version", lambda: (2, 37, 4))
    assert version_problem() == "Git 2.37.4 is too old to redo merges: 2.38 or newer is needed."


def test_no_git_at_all_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "git", None)
    assert version_problem() == "The `git` command was not found."
    with pytest.raises(ConfigError):
        tool.version()


CUT = """
import sys
from pathlib import Path
from evidence.collectors.git import GitCollector
from evidence.model.capture import Window
c = GitCollector(source="s", repository="r", url=sys.argv[1], directory=Path(sys.argv[2]))
print("ready", flush=True)
list(c.fetch(Window(since=0, until=1), ""))
print("done", flush=True)
"""


@pytest.mark.parametrize("after", [0.0, 0.04, 0.08, 0.16])
def test_a_killed_fetch_is_finished_by_the_next(origin, collector, tmp_path, after):
    tip = ""
    for number in range(5):
        tip = origin.commit({"a": b"%d" % number}, *([tip] if tip else []))
        origin.ref(f"refs/heads/b{number}", tip)
    command = [sys.executable, "-c", CUT, f"file://{origin.path}", str(tmp_path / "mirror")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(after)
        os.kill(process.pid, signal.SIGKILL)
    (page,) = collector.fetch(WINDOW, "")
    assert len(page.captures[0].payload.splitlines()) == 5
    assert len(list(collector.new_commits())) == 5
