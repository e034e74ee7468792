"""One file per command, file name = command name: options and printing, no logic."""
