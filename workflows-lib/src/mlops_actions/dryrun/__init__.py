"""``mlops dry-run``: a consumer's own workflow files, planned and judged as GitHub would, then run by act."""
