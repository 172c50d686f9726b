"""``python -m mlops_actions``: the same as ``mlops``."""

import sys

from mlops_actions.cli import main

sys.exit(main())
