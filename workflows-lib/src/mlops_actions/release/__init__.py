"""edge-release: from a tag to a published release, or to a refusal with nothing published."""
