"""Names that both halves of the identity collector share."""

from __future__ import annotations

from evidence.collectors.github import settings_kinds

COLLECTOR = "github_identities"
VERSION = "1"

READ = settings_kinds.READ
SAML = "github.saml_identity"
VERIFIED = "github.verified_emails"

KINDS = (READ, SAML, VERIFIED)
