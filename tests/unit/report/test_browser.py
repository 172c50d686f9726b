"""The HTML report in a real browser: quiet, offline, no wider than a phone, open to the keyboard and to screen readers."""

import pytest

from mlops_actions.report.html import page

pytestmark = pytest.mark.browser

LOOKS = {"phone": (390, "light"), "desktop": (1280, "dark")}
SMALL = [(name, look) for name in ("validation", "drift", "python-ci", "pass", "hostile") for look in LOOKS]
LARGE = ("monster", "phone")  # 5,000 rows like any other: the rules would take a minute over them


@pytest.fixture(scope="module")
def reports(tmp_path_factory, browser, samples):
    """What the browser says of every page in every look, by its name and look."""
    folder = tmp_path_factory.mktemp("pages")
    for name, sample in samples.all_samples().items():
        (folder / f"{name}.html").write_text(page(sample), encoding="utf-8")
    wanted = [*SMALL, LARGE]
    pages = [
        {
            "file": str(folder / f"{name}.html"),
            "width": LOOKS[look][0],
            "scheme": LOOKS[look][1],
            "height": 844,
            "inspect": True,
            "rules": (name, look) != LARGE,
        }
        for name, look in wanted
    ]
    return dict(zip(wanted, browser.look(pages), strict=True))


@pytest.fixture(params=[*SMALL, LARGE], ids="-".join)
def report(request, reports):
    return reports[request.param]


def test_it_is_quiet_and_asks_the_network_for_nothing(report):
    assert report["console"] == []
    assert report["requests"] == []
    assert report["dialogs"] == []
    assert report["scripts"] == 0


def test_it_scrolls_one_way_only(report):
    assert report["scrollWidth"] <= report["clientWidth"]
    assert report["outside"] == []
    assert report["opened"] <= report["clientWidth"]


def test_the_keyboard_reaches_the_findings(report):
    keyboard = report["keyboard"]
    assert (keyboard["first"]["tag"], keyboard["first"]["text"]) == ("A", "Skip to the findings")
    assert keyboard["first"]["visible"]
    assert (keyboard["led"]["tag"], keyboard["led"]["id"]) == ("MAIN", "main")
    beyond = keyboard["stops"][0]
    assert beyond["tag"] == "SUMMARY" or beyond["role"] == "group"


@pytest.mark.parametrize("which", SMALL, ids="-".join)
def test_it_breaks_no_accessibility_rule(reports, which):
    report = reports[which]
    assert report["violations"] == []
    assert report["rules"] > 10


def test_it_follows_the_reader_into_the_dark(reports):
    assert reports["validation", "phone"]["background"] != reports["validation", "desktop"]["background"]
