"""Images as their registry holds them: labels, annotations, and what is attested of a digest.

A registry speaks the OCI distribution API; an image layout is the same content as a folder.
"""

from __future__ import annotations

from evidence.collectors.oci.collector import OciCollector, Wanted

__all__ = ["OciCollector", "Wanted"]
