"""Render the posts of sites as `latentprint article` does, and look at the pages as a reader would.

python benchmarks/posts.py SITE... --pages FOLDER --json found.json

A post is a Markdown file whose front matter names the layout `distill` or `post`, but for those
that a site keeps aside in folders such as `_drafts`. Its page fails a check where the post was
refused, a formula stays source, LaTeX, Liquid or Markdown stands in the text that a reader sees,
the console tells of an error, the page asks for anything elsewhere, or it is wider than a telephone
of 390 pixels. Without Playwright and Chromium only what needs no browser is checked.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from latentprint.article import read_article, render_page
from latentprint.errors import LatentprintError

_POST = re.compile(r"---\s*\n(?:.*\n)*?layout:\s*['\"]?(?:distill|post)\b")
_RAW = {
    "LaTeX $": re.compile(r"(?<![\\$])\$\$?[^\s$](?:[^$\n]*[\\^_={][^$\n]*)\$|\$\$"),
    "LaTeX command": re.compile(r"\\(?:begin|end|eqref|ref|label|frac|mathbb|mathcal|text)\b"),
    "Liquid": re.compile(r"\{%[^{}%]*%\}|\{\{[^{}]*\}\}"),
    "Markdown": re.compile(r"\*\*\S|\]\(\S+\)|^#{2,6} \S|^```", re.MULTILINE),
    "attribute list": re.compile(r"\{:[^{}\n]*\}"),
}
_RAW_BLOCK = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.DOTALL)
# The text of a page but for what is meant as source: code, and formulas in MathML.
_TEXT = """() => {
  const skipped = 'pre, code, script, style, math, template, noscript, iframe, textarea, svg';
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const blocks = new Map();
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent || parent.closest(skipped)) continue;
    const block = parent.closest('p, li, td, th, figcaption, h1, h2, h3, h4, h5, h6, summary, div');
    blocks.set(block, (blocks.get(block) || '') + walker.currentNode.data);
  }
  return [...blocks.values()].join('\\n');
}"""
# The elements that make a page wider than its window: none that scrolls, or is cut, in a box.
_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width + 1) return [];
  const wide = each => each.getBoundingClientRect().right > width + 1;
  const cut = each => ['auto', 'scroll', 'hidden', 'clip']
    .includes(getComputedStyle(each).overflowX);
  return [...document.querySelectorAll('body *')].filter(each => {
    if (!wide(each)) return false;
    for (let up = each.parentElement; up && up !== document.body; up = up.parentElement) {
      if (cut(up)) return wide(up);
    }
    return true;
  }).map(each => each.outerHTML.slice(0, 100));
}"""


@dataclass
class Found:
    """What was found wrong with one post: for each kind of failure, the first places."""

    post: str
    failures: dict[str, list[str]] = field(default_factory=dict)
    warnings: int = 0
    seconds: float = 0.0

    def fail(self, kind: str, places: list[str]) -> None:
        """Note a failure, unless there are no places."""
        if places:
            self.failures[kind] = [f"{len(places)}×", *places[:5]]


def posts(sites: list[Path]) -> Iterator[Path]:
    """The posts of some sites."""
    for site in sites:
        for file in sorted(site.rglob("*.md")) if site.is_dir() else [site]:
            folders = file.relative_to(site).parts[:-1] if site.is_dir() else ()
            kept_aside = any(each.startswith("_") and each != "_posts" for each in folders)
            if not kept_aside and _POST.match(file.read_text(encoding="utf-8", errors="replace")):
                yield file


def check(post: Path, page: Path, browser: Any) -> Found:
    """Render one post and look at its page."""
    found = Found(str(post))
    begun = time.process_time()
    try:
        document = read_article(post)
    except LatentprintError as error:
        found.fail("refused", [str(error)])
        return found
    html = render_page(document)
    found.seconds = time.process_time() - begun
    found.warnings = len(document.warnings)
    page.write_text(html, encoding="utf-8")
    body = document.body
    sources = re.findall(r'class="math-source"[^>]*>(.*?)</code>', html, re.DOTALL)
    found.fail("formula", sources)
    found.fail("Liquid", re.findall(r'class="unsupported"[^>]*>(.*?)</code>', body, re.DOTALL))
    if browser is not None:
        _look(page, found, browser, _meant(post.read_text(encoding="utf-8", errors="replace")))
    return found


def _meant(source: str) -> str:
    """The text that a post shows as source on purpose."""
    return " ".join(" ".join(_RAW_BLOCK.findall(source)).split())


def _look(page: Path, found: Found, browser: Any, meant: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    tab = context.new_page()
    messages: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda each: messages.append(each.text) if each.type == "error" else None)
    tab.on("pageerror", lambda each: messages.append(str(each)))
    tab.on("request", lambda each: requests.append(each.url))
    tab.goto(page.absolute().as_uri(), wait_until="load", timeout=120_000)
    tab.wait_for_timeout(300)
    text = tab.evaluate(_TEXT)
    for kind, pattern in _RAW.items():
        places = [
            text[max(0, at.start() - 20) : at.end() + 20]
            for at in pattern.finditer(text)
            if " ".join(at.group().split()) not in meant
        ]
        found.fail(kind, [*found.failures.get(kind, []), *places])
    found.fail("wider than 390 px", tab.evaluate(_WIDE))
    found.fail("console", messages)
    local = ("file:", "data:", "blob:", "about:")
    found.fail("request", [each for each in requests if not each.startswith(local)])
    context.close()


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, or None where there is none."""
    programs = ("chromium-headless-shell", "chromium", "chromium-browser")
    program = next(filter(None, map(shutil.which, programs)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def main() -> None:
    """Print the share of posts that pass, and how many fail by kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sites", type=Path, nargs="+")
    parser.add_argument("--pages", type=Path, required=True, help="where the pages are written")
    parser.add_argument("--json", type=Path, help="what was found wrong with each post")
    options = parser.parse_args()
    options.pages.mkdir(parents=True, exist_ok=True)
    results = []
    with chromium() as browser:
        for number, post in enumerate(posts(options.sites)):
            results.append(check(post, options.pages / f"{number}-{post.stem}.html", browser))
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in results], indent=1))
    kinds = Counter(kind for each in results for kind in each.failures)
    passed = sum(not each.failures for each in results)
    print(f"{passed} of {len(results)} posts pass every check")
    for kind, count in kinds.most_common():
        print(f"{count:4} {kind}")
    seconds = sorted(each.seconds for each in results)
    print(f"seconds for a post: median {seconds[len(seconds) // 2]:.2f}, most {seconds[-1]:.2f}")


if __name__ == "__main__":
    main()
