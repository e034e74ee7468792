"""One module or small package per source. To add a source, write it against `interface.py`."""
