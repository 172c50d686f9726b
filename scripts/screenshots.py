"""Draws docs/images/report-*.png: sample reports (report_samples.py) in a real browser, in light and dark, on a phone.

Run it after a change of the reports' looks: ``.venv/bin/python scripts/screenshots.py [FOLDER]``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import browser
import report_samples

from mlops_actions.report import html

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"

SHOTS = (
    {"name": "validation-light", "sample": "validation", "width": 1000, "height": 720},
    {"name": "validation-dark", "sample": "validation", "width": 1000, "height": 720, "scheme": "dark"},
    {"name": "drift-light", "sample": "drift", "width": 1000, "height": 1000, "at": "part-1"},
    {"name": "drift-dark", "sample": "drift", "width": 1000, "height": 1000, "at": "part-1", "scheme": "dark"},
    {"name": "phone-light", "sample": "validation", "width": 390, "height": 844},
    {"name": "phone-dark", "sample": "drift", "width": 390, "height": 844, "scheme": "dark", "at": "part-1"},
)


def main(arguments: list[str]) -> int:
    if lack := browser.missing():
        print(lack, file=sys.stderr)
        return 2
    images = Path(arguments[0]) if arguments else IMAGES
    images.mkdir(parents=True, exist_ok=True)
    samples = report_samples.all_samples()
    with tempfile.TemporaryDirectory() as folder:
        pages = []
        for shot in SHOTS:
            file = Path(folder) / f"{shot['sample']}.html"
            file.write_text(html.page(samples[str(shot["sample"])]), encoding="utf-8")
            pages.append({**shot, "file": str(file), "shot": str(images / f"report-{shot['name']}.png")})
        for page, _ in zip(pages, browser.look(pages), strict=True):
            size = Path(str(page["shot"])).stat().st_size
            print(f"{page['shot']}: {size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
