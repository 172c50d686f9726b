#!/usr/bin/env bash
# Reads the results in $MLOPS_NEEDS (GitHub's own JSON of the `needs` context) and fails unless all are `success`.
set -euo pipefail
python=$(command -v python3 || command -v python)
exec "$python" -I "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/gate.py"
