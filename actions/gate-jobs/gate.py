"""Fails unless every job that a gate needs succeeded. Standard library alone, Python 3.8."""

import json
import os
import sys


def main():
    needs = json.loads(os.environ["MLOPS_NEEDS"])
    if not needs:
        print("::error title=mlops-actions::the gate needs no job, so it proves nothing")
        return 1
    may_skip = json.loads(os.environ.get("MLOPS_MAY_SKIP") or "[]")
    results = {name: job.get("result") for name, job in needs.items()}
    failed = {
        name: result
        for name, result in results.items()
        if result != "success" and not (result == "skipped" and name in may_skip)
    }
    for item in sorted(results.items()):
        print("%s: %s" % item)
    if failed:
        words = ", ".join("`%s` %s" % item for item in sorted(failed.items()))
        print("::error title=mlops-actions::not every job succeeded: " + words)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
