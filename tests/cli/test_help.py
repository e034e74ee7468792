"""The help of every command: there is one, with an example that the command line accepts."""

from __future__ import annotations

import re
import shlex

import pytest
import typer

from evidence.cli.main import app


def _commands(group, words=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name)


COMMANDS = list(_commands(typer.main.get_command(app)))


def test_every_use_has_its_command():
    assert {"sync", "report", "trace", "verify", "init", "doctor", "status", "demo"} <= {
        words[0] for words in COMMANDS
    }


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_shows_an_example_that_can_be_typed(evidence, monkeypatch, words):
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    monkeypatch.setenv("COLUMNS", "200")
    ran = evidence(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    example = re.search(r"Example: evidence (.+?)\s*$", ran.out, re.MULTILINE)
    typed = shlex.split(example[1].partition(" > ")[0])
    assert tuple(typed[: len(words)]) == words
    assert evidence(*typed, "--help").code == 0


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_is_for(words):
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    assert [one.name for one in command.params if not getattr(one, "help", None)] == []
