#!/usr/bin/env bash
# Finds a Python that can run install.py (3.8 or newer) and hands over. A file of its own, so that it can be
# linted and tested; nothing of the caller's Python configuration reaches it (-I), nor does its working directory.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for python in python3 python python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
  if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1; then
    exec "$python" -I "$here/install.py" "$@"
  fi
done
echo "::error title=mlops-actions::No Python 3.8 or newer on PATH. Install one on this runner, or use a runner image that has it." >&2
exit 2
