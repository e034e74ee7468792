"""Takes what systems deliver by themselves: signed, stored and only then answered.

A delivery is a hint, read by the next sync, and an independent witness; `evidence serve --receiver`
runs this.
"""
