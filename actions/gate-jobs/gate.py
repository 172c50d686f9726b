"""Fails unless every job that a gate needs succeeded. Standard library alone, Python 3.8."""

import json
import os
import sys


def main():
    needs = json.loads(os.environ["MLOPS_NEEDS"])
    if not needs:
        print("::error title=mlops-actions::the gate needs no job, so it proves nothing")
        return 1
    failed = {name: job.get("result") for name, job in needs.items() if job.get("result") != "success"}
    for name, job in sorted(needs.items()):
        print("%s: %s" % (name, job.get("result")))
    if failed:
        words = ", ".join("`%s` %s" % item for item in sorted(failed.items()))
        print("::error title=mlops-actions::not every job succeeded: " + words)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
