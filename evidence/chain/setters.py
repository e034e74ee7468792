"""Flux image automation: places that a marker in a comment hands to an image policy.

`image: ghcr.io/acme/shop:1.2 # {"$imagepolicy": "flux-system:shop"}`, or with `:tag`, `:name` and
`:digest` after the policy for one part of it. The automation's own commits say nothing of what
they set: the marked places do. Source:
https://fluxcd.io/flux/guides/image-update/#configure-image-update-for-custom-resources
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from evidence.chain.images import ImageRef, join_reference, parse_image

MARKER = '"$imagepolicy"'
_LINE = re.compile(
    r"""^[ \t]*(?:-[ \t]+)?(?P<key>[\w./-]+):[ \t]*["']?(?P<value>[^"'\s#]+)["']?[ \t]*"""
    r"""#[ \t]*\{[ \t]*"\$imagepolicy"[ \t]*:[ \t]*"(?P<policy>[^"]+)"[ \t]*\}""",
    re.MULTILINE,
)


def marked_images(text: str, file: str, only_image: str) -> Iterator[ImageRef]:
    """Images at the marked places of a file; a bare tag without a name is `only_image`'s."""
    if MARKER not in text:
        return
    parts: dict[str, dict[str, str]] = defaultdict(dict)
    for match in _LINE.finditer(text):
        namespace, _, rest = match["policy"].partition(":")
        name, _, part = rest.partition(":")
        policy, place = f"{namespace}:{name}", f"$imagepolicy {namespace}:{name}"
        if part in {"tag", "name", "digest"}:
            parts[policy][part] = match["value"]
        elif not part:
            image, reference = parse_image(match["value"])
            yield ImageRef(image=image, reference=reference, file=file, field=place)
    for policy, found in parts.items():
        image = found.get("name", only_image)
        reference = join_reference(found.get("tag", ""), found.get("digest", ""))
        if image and ("tag" in found or "digest" in found):
            place = f"$imagepolicy {policy}"
            yield ImageRef(image=image, reference=reference, file=file, field=place)
