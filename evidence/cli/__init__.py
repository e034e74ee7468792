"""The commands: options and printing, no logic.

The collector of cyclic garbage runs less often from here on: imports make objects by the hundred
thousand and hardly a cycle, and without this a look-up spends a tenth of its time on going
through them again and again. At the end, too: what the imports made would be gone through once
more, for nothing.
"""

from __future__ import annotations

import atexit
import gc

gc.set_threshold(200_000, 50, 50)
atexit.register(gc.freeze)
