"""The entry of every stand-in: ``run.py NAME``, started by its ``action.yml`` with ``python -I``."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

MODULES = {
    "checkout": "checkout",
    "setup-python": "setup_python",
    "upload-artifact": "upload_artifact",
    "download-artifact": "download_artifact",
    "cache": "cache",
    "cache-restore": "cache",
    "cache-save": "cache",
    "finish": "finish",
}


def main(name: str) -> int:
    """Run one stand-in; its exit status. A refusal is an error annotation, as of the real action."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    toolkit = importlib.import_module("standins.toolkit")
    try:
        importlib.import_module("standins." + MODULES[name]).main(name)
        return 0
    except toolkit.Refused as refused:
        toolkit.error(str(refused))
    except OSError as failed:
        toolkit.error(f"{failed.filename or name}: {failed.strerror or failed}")
    time.sleep(0.2)  # act stops reading when a step fails: the message has to be read before
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
