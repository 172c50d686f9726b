"""What the tests of the reports share: sample outcomes, renderers of Markdown, and a reading of HTML."""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[3]
VOID = {"br", "hr", "img", "input", "link", "meta", "col", "wbr"}


def script(name):
    """A module of scripts/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def samples():
    return script("report_samples")


@pytest.fixture(scope="session")
def browser():
    """A real browser; the test is skipped, with the reason, where there is none."""
    module = script("browser")
    if lack := module.missing():
        pytest.skip(lack)
    return module


@pytest.fixture(scope="session")
def sample(samples):
    """One sample by its name, made once."""
    return functools.cache(lambda name: samples.all_samples()[name])


@dataclass
class Element:
    """An element as html.parser met it; ``content`` holds elements and texts in their order."""

    name: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    content: list[Element | str] = field(default_factory=list)

    @property
    def text(self):
        return "".join(each if isinstance(each, str) else each.text for each in self.content)

    def all(self, *names):
        for each in self.content:
            if isinstance(each, Element):
                if not names or each.name in names:
                    yield each
                yield from each.all(*names)

    def texts(self, outside=()):
        """The text nodes, without those inside the elements named ``outside``."""
        for each in self.content:
            if isinstance(each, str):
                yield each
            elif each.name not in outside:
                yield from each.texts(outside)


class Reader(HTMLParser):
    """Strict: raises AssertionError where an element is closed that is not open, or left open at the end."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]
        self.comments = []

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs), f"an attribute twice: {attrs}"
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].content.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data):
        content = self.open[-1].content
        if content and isinstance(content[-1], str):
            content[-1] += data
        else:
            content.append(data)

    def handle_comment(self, data):
        self.comments.append(data)


def parse(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [reader.root], f"left open: {[each.name for each in reader.open[1:]]}"
    assert not reader.comments
    return reader.root


@pytest.fixture(scope="session")
def read_html():
    return parse


def commonmark(text):
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


def github(text):
    """GitHub's own renderer, with raw HTML let through as GitHub does (it is filtered later)."""
    cmarkgfm = pytest.importorskip("cmarkgfm")
    return cmarkgfm.github_flavored_markdown_to_html(text, cmarkgfm.Options.CMARK_OPT_UNSAFE)


@pytest.fixture(scope="session", params=[commonmark, github], ids=["commonmark", "github"])
def render(request):
    """Markdown as parsed HTML, by two renderers that share no code."""
    return lambda text: parse(request.param(text))


# What GitHub's filters look for in a text node outside code, each a little wider than GitHub's own pattern.
ACTIVE = {
    "a mention or an address": re.compile(r"@\w"),
    "an issue": re.compile(r"#\d|\bgh-\d", re.IGNORECASE),
    "a web address": re.compile(r"\w://|www\.", re.IGNORECASE),
    "an emoji": re.compile(r":(?!(?!100:|1234:)\d+:)[\w+-]+:", re.ASCII),
    "a formula": re.compile(r"\$.|.\$", re.DOTALL),
}


RIGHT = {("align", "right"), ("style", "text-align:right")}  # how the two renderers say it


@pytest.fixture(scope="session")
def active():
    """What would become active in rendered Markdown: names of the filters that find something, and elements."""

    def find(root, allowed):
        found = [
            what for what, pattern in ACTIVE.items() for node in root.texts({"code", "pre"}) if pattern.search(node)
        ]
        found += [f"<{each.name}>" for each in root.all() if each.name not in allowed]
        attributes = {(each.name, *pair) for each in root.all() for pair in each.attributes.items()}
        found += [f"<{name} {key}={value!r}>" for name, key, value in attributes if (key, value) not in RIGHT]
        return found

    return find
