"""Signs what was rendered: key files, signers by URI scheme, PAdES, DSSE, OpenSSH signatures.

`keys.init` and `keys.load` give a `KeySet`; `packet.seal_folder` seals a rendered folder with it.
"""

from __future__ import annotations
