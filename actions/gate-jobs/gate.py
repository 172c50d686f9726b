"""Fails unless every job that a gate needs succeeded. Standard library alone, Python 3.8."""

import json
import os
import sys


def main() -> int:
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
    for name, result in sorted(results.items()):
        print(f"{name}: {result}")
    if failed:
        words = ", ".join(f"`{name}` {result}" for name, result in sorted(failed.items()))
        print("::error title=mlops-actions::not every job succeeded: " + words)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
