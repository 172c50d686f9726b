"""GitHub Actions, seen from a step: outputs, summary, annotations, commands, REST calls.

It knows verdicts, and nothing of the stages that reach them.
"""

from mlops_actions.github.publish import publish_outcome

__all__ = ["publish_outcome"]
