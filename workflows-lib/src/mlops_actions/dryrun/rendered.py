"""A job's summary as a terminal shows it: its Markdown rendered, and what is folded on GitHub's page as one line."""

from __future__ import annotations

import io
import re

from mlops_actions.visible import visible

_FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>.*?</details>", re.DOTALL)
_TAGS = re.compile(r"</?[a-zA-Z][^<>\n]*>")


def lines(markdown: str, width: int, color: bool) -> list[str]:
    """The lines that ``markdown`` is on a terminal of so many columns, without two empty ones in a row.

    Control characters of the text are shown, not obeyed.
    """
    # A third of a dry run's start, and needed at its end alone.
    from rich.console import Console  # pylint: disable=import-outside-toplevel
    from rich.markdown import Markdown  # pylint: disable=import-outside-toplevel

    text = _TAGS.sub("", _FOLDED.sub(r"\n- ▸ \1\n", markdown))
    text = "\n".join(visible(line.expandtabs()) for line in text.splitlines())
    console = Console(
        file=io.StringIO(), width=width, force_terminal=color, color_system="standard" if color else None, _environ={}
    )
    with console.capture() as captured:
        console.print(Markdown(text, hyperlinks=False))
    found: list[str] = []
    for line in captured.get().splitlines():
        if line.strip() or (found and found[-1]):
            found.append(line.rstrip())
    return found[:-1] if found and not found[-1] else found
