"""Draws docs/images/report-*.png: real reports on the example, in a real browser, in light and dark, on a phone.

August with a few rows spoilt is held against the example's contract, and September against the profile of the months
before. Run it after a change of the reports' looks: ``.venv/bin/python scripts/screenshots.py [FOLDER]``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import browser
import duckdb

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "flight-delay"
IMAGES = ROOT / "docs" / "images"

SPOILT = """
COPY (
  SELECT * REPLACE (
    CASE WHEN day = 13 AND carrier = 'HA' THEN 'ZZ' ELSE carrier END AS carrier,
    CASE WHEN day = 20 AND hour = 5 THEN -distance ELSE distance END AS distance,
    CASE WHEN minute = 31 AND dest = 'BOS' THEN lower(tailnum) ELSE tailnum END AS tailnum,
    CASE WHEN day = 2 AND hour = 6 THEN NULL ELSE sched_arr_time END AS sched_arr_time
  ) FROM read_parquet($source)
  UNION ALL BY NAME
  SELECT * FROM read_parquet($source) WHERE day = 31 AND hour = 22
) TO 'august.parquet' (FORMAT parquet)
"""

CALLS = {
    "validation": ["validate", "--data", "august.parquet"],
    "drift": ["drift", "--reference", "data/2013-0[1-8].parquet", "--data", "data/2013-09.parquet"],
}
SHOTS = (
    {"name": "validation-light", "report": "validation", "width": 1000, "height": 720},
    {
        "name": "validation-dark",
        "report": "validation",
        "width": 1000,
        "height": 860,
        "scheme": "dark",
        "at": "part-1-c0-8",
    },
    {"name": "drift-light", "report": "drift", "width": 1000, "height": 1000},
    {"name": "drift-dark", "report": "drift", "width": 1000, "height": 1000, "scheme": "dark", "at": "part-1"},
    {"name": "phone-light", "report": "validation", "width": 390, "height": 844},
    {"name": "phone-dark", "report": "drift", "width": 390, "height": 844, "scheme": "dark", "at": "part-1"},
)


def main(arguments: list[str]) -> int:
    if lack := browser.missing():
        print(lack, file=sys.stderr)
        return 2
    images = (Path(arguments[0]) if arguments else IMAGES).resolve()
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        reports = {name: report(Path(folder), name) for name in CALLS}
        pages = [
            {**shot, "file": str(reports[str(shot["report"])]), "shot": str(images / f"report-{shot['name']}.png")}
            for shot in SHOTS
        ]
        for page, _ in zip(pages, browser.look(pages), strict=True):
            size = Path(str(page["shot"])).stat().st_size
            print(f"{page['shot']}: {size / 1024:.0f} KiB")
    return 0


def report(folder: Path, name: str) -> Path:
    """The report of one call, made in a copy of the example; the call fails, since there is much to find."""
    here = folder / name
    shutil.copytree(EXAMPLE, here, ignore=shutil.ignore_patterns(".*", "build"))
    spoilt = SPOILT.replace("'august.parquet'", f"'{here / 'august.parquet'}'")
    duckdb.execute(spoilt, {"source": str(EXAMPLE / "data" / "2013-08.parquet")})
    mlops = Path(sys.executable).with_name("mlops")
    done = subprocess.run([str(mlops), *CALLS[name]], cwd=here, check=False, stderr=subprocess.PIPE, text=True)
    if done.returncode != 1:
        raise SystemExit(f"mlops {' '.join(CALLS[name])} ended with status {done.returncode}:\n{done.stderr}")
    return here / ".mlops" / CALLS[name][0] / "report.html"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
