"""Turns records into the files of an unsigned packet. ADD A REPORT SECTION in `sections/`."""
