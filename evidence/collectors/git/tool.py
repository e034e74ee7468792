"""Runs `git` through GitPython, alone with one repository: no user's settings, hooks or prompts.

A repository's content is never checked out and never run. What the user's account or the machine
configures for Git (helpers, aliases, filters, templates, replace refs) has no say here, so the
same objects give the same answers everywhere. A credential travels in the environment of the one
command that needs it, never in its arguments.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from evidence.collectors.git.output import Finished, Stream, redact
from evidence.errors import ConfigError, SourceError

OLDEST = (2, 38)
"""`git merge-tree --write-tree` came with 2.38."""
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

SETTINGS = (
    ("core.hooksPath", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("attr.tree", _EMPTY_TREE),  # newer Gits read .gitattributes of HEAD in a bare repository
    ("core.logAllRefUpdates", "false"),
    ("core.sshCommand", "ssh -oBatchMode=yes -oConnectTimeout=30"),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("gc.pruneExpire", "never"),
    ("maintenance.auto", "false"),
    ("fetch.unpackLimit", "1"),
    ("fetch.writeCommitGraph", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    ("merge.renames", "true"),
    ("merge.directoryRenames", "conflict"),
)
"""Settings of every command, in the order given; a later pair of the same key wins."""

Pairs = Sequence[tuple[str, str]]


class GitTool:
    """`git` bound to one bare repository directory.

    `made` is a folder of objects that we made ourselves: they are read like those of the mirror
    and written only by commands that are told so (`writing_made`).
    """

    def __init__(
        self, directory: Path, *, timeout: float = 3600.0, made: Path | None = None
    ) -> None:
        self.directory = directory
        self._made = made
        self._timeout = timeout
        self._lent: tuple[int, ...] = ()
        self._command = _library().Git(str(directory))

    @contextmanager
    def lending(self, descriptor: int) -> Iterator[None]:
        """Every command started meanwhile inherits the descriptor, and so do its own children."""
        self._lent = (descriptor,)
        try:
            yield
        finally:
            self._lent = ()

    def writing_made(self) -> Pairs:
        """Environment of a command whose new objects go to the `made` folder."""
        if self._made is None:
            raise ValueError("This tool was not given a folder for made objects")
        return (
            ("GIT_OBJECT_DIRECTORY", str(self._made)),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", f"{self.directory}/objects"),
        )

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        settings: Pairs = (),
        environment: Pairs = (),
    ) -> Finished:
        """Runs to the end, or is killed at the time limit (status below 0). Never raises for it."""
        with _input(stdin) as source:
            status, stdout, stderr = self._command.execute(
                ["git", *arguments],
                istream=source,
                env=self._environment(settings, environment),
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                kill_after_timeout=self._timeout,
                pass_fds=self._lent,
            )
        secrets = [value for key, value in settings if key.endswith(".extraHeader")]
        text = stderr if isinstance(stderr, str) else stderr.decode("utf-8", "replace")
        return Finished(status=status, stdout=stdout, stderr=redact(text, secrets))

    def must(self, *arguments: str, stdin: bytes = b"", settings: Pairs = ()) -> bytes:
        """Standard output of a command on the mirror that has no reason to fail.

        Raises:
            SourceError: it failed all the same: the mirror is damaged or the disk is full.
        """
        done = self.run(*arguments, stdin=stdin, settings=settings)
        if done.status != 0:
            raise SourceError(
                f"git {arguments[0]} failed in {self.directory}: {done.stderr.strip()}",
                next_step="Check free disk space, then run `git fsck` in the mirror.",
            )
        return done.stdout

    @contextmanager
    def stream(
        self,
        *arguments: str,
        stdin: bytes | BinaryIO = b"",
        settings: Pairs = (),
        environment: Pairs = (),
    ) -> Iterator[Stream]:
        """Starts a command and gives its output to read. `stdin` is bytes or an open file."""
        with _input(stdin) as source:
            process = self._start(arguments, source, settings, environment)
        with Stream(process, name=arguments[0]) as stream:
            yield stream

    def converse(self, *arguments: str) -> Stream:
        """Starts a command that is asked through its standard input; the caller closes it."""
        return Stream(self._start(arguments, -1, (), ()), name=arguments[0])

    def _start(
        self, arguments: Sequence[str], source: Any, settings: Pairs, environment: Pairs
    ) -> Any:
        return self._command.execute(
            ["git", *arguments],
            istream=source,
            env=self._environment(settings, environment),
            as_process=True,
            pass_fds=self._lent,
        )

    def _environment(self, settings: Pairs, extra: Pairs) -> dict[str, str]:
        here = str(self.directory)
        values = {
            # Inherited values of a Git hook would lead into another repository.
            "GIT_DIR": here,
            "GIT_COMMON_DIR": here,
            "GIT_OBJECT_DIRECTORY": f"{here}/objects",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self._made or ""),
            "GIT_NAMESPACE": "",
            "GIT_GRAFT_FILE": f"{here}/no-grafts",
            "GIT_SHALLOW_FILE": f"{here}/shallow",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_FLUSH": "0",  # else git log flushes after every commit
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_PARAMETERS": "",
            "GIT_ATTR_NOSYSTEM": "1",
            "HOME": here,
            "XDG_CONFIG_HOME": here,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_TRACE_CURL": "0",
            **dict(extra),
        }
        pairs = [*SETTINGS, *settings]
        values["GIT_CONFIG_COUNT"] = str(len(pairs))
        for number, (key, value) in enumerate(pairs):
            values[f"GIT_CONFIG_KEY_{number}"] = key
            values[f"GIT_CONFIG_VALUE_{number}"] = value
        return values


@contextmanager
def _input(data: bytes | BinaryIO) -> Iterator[Any]:
    """A file holding the bytes: unlike a pipe it cannot make both sides wait for each other."""
    if not isinstance(data, bytes):
        yield data
        return
    if not data:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def lines(values: Iterable[str]) -> bytes:
    """Values as lines for a command's standard input."""
    return "".join(f"{value}\n" for value in values).encode("utf-8", "surrogateescape")


def version() -> tuple[int, ...]:
    """Version of the installed Git, numbers only: (2, 39, 5).

    Raises:
        ConfigError: no Git is installed.
    """
    found = _library().Git().version_info
    return tuple(int(part) for part in found)


def version_problem() -> str:
    """What `doctor` prints about the installed Git; empty where nothing is wrong."""
    try:
        found = version()
    except ConfigError as error:
        return error.message
    if found[:2] >= OLDEST:
        return ""
    printed = ".".join(map(str, found))
    return f"Git {printed} is too old to redo merges: 2.38 or newer is needed."


def _library() -> Any:
    try:
        import git
    except ImportError as error:  # GitPython refuses to load where it finds no git command
        raise ConfigError(
            "The `git` command was not found.", next_step="Install git 2.38 or newer."
        ) from error
    return git
