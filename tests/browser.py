"""Pages in a real browser: open one, wait for it, look for what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.chromium import sync_api

__all__ = [
    "WIDTHS",
    "Troubles",
    "accessibility_violations",
    "opened",
    "overflowing",
    "resize",
    "sync_api",
    "violations_in_both_schemes",
    "wait_for",
]

WIDTHS = (390, 768, 1280, 1920)
"""A telephone, a tablet, a laptop and a wide screen, in CSS pixels."""

PATIENCE = 20.0
"""Seconds to wait for what a page does; only a failing test, or a busy machine, needs them."""

_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

# What is folded, axe-core passes over, but not before it has walked through thousands of cells.
_AXE = """
async ([within, options]) => {
  const folded = [...document.querySelectorAll('details:not([open]) > :not(summary)')]
    .map(each => [each, document.createComment('')]);
  for (const [each, mark] of folded) each.replaceWith(mark);
  const found = await axe.run(within, options);
  for (const [each, mark] of folded) mark.replaceWith(each);
  return found;
}
"""

_OVERFLOW = """
() => [...document.querySelectorAll('body *')].filter(each => {
  const box = each.getBoundingClientRect();
  if (!box.width || box.right <= document.documentElement.clientWidth + 1) return false;
  for (let parent = each; parent && parent !== document.body; parent = parent.parentElement) {
    if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(parent).overflowX)) {
      return parent !== each
        && parent.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
    }
  }
  return true;
}).map(each => each.outerHTML.slice(0, 120))
"""


@dataclass
class Troubles:
    """What a page should not do: console messages, errors, dialogs, requests to elsewhere."""

    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        """Every message and every request that is not for the page itself."""
        local = ("file:", "data:", "blob:", "about:")
        return [*self.messages, *(url for url in self.requests if not url.startswith(local))]


@contextmanager
def opened(
    browser: sync_api.Browser, address: str, **options: Any
) -> Iterator[tuple[sync_api.Page, Troubles]]:
    """Open an address in a fresh context, and collect what goes wrong.

    After a failure the context stays open, by which the next test knows to use a new browser.

    Args:
        browser: Where to open it.
        address: What to open.
        options: Of the context: ``color_scheme``, ``java_script_enabled``, ``viewport``… Motion is
            reduced unless they say otherwise: tests need not wait for it.
    """
    context = browser.new_context(**{"reduced_motion": "reduce", **options})
    page = context.new_page()
    troubles = Troubles()
    page.on("console", lambda message: troubles.messages.append(message.text))
    page.on("pageerror", lambda error: troubles.messages.append(str(error)))
    page.on("dialog", lambda dialog: troubles.messages.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: troubles.requests.append(request.url))
    page.goto(address)
    yield page, troubles
    context.close()


def wait_for(page: sync_api.Page, condition: str) -> None:
    """Wait for a condition; a page's own policy forbids Playwright's wait_for_function."""
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            pytest.fail(f"this did not come true in {PATIENCE:g} s: {condition}")
        page.wait_for_timeout(20)


def resize(page: sync_api.Page, width: int, height: int = 900) -> None:
    """Give the page another size, and the time to follow."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(_TWO_FRAMES)


def overflowing(page: sync_api.Page) -> list[str]:
    """The elements that stick out at the right, but for what scrolls in a box of its own."""
    found: list[str] = page.evaluate(_OVERFLOW)
    return found


def heading_levels(page: sync_api.Page) -> list[int]:
    """The levels of all headings in their order."""
    found: list[int] = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(each => Number(each.tagName[1]))"
    )
    return found


def accessibility_violations(page: sync_api.Page, within: str = "html") -> list[str]:
    """What axe-core finds serious or critical, each as rule, element and reason.

    Args:
        page: Where to look.
        within: A selector of the part to look at.
    """
    return _violations(page, within, {})


def violations_in_both_schemes(page: sync_api.Page, within: str = "html") -> list[str]:
    """The same in the light scheme and, of colours, which alone are others, in the dark one."""
    page.emulate_media(color_scheme="light")
    found = _violations(page, within, {})
    page.emulate_media(color_scheme="dark")
    return found + _violations(page, within, {"runOnly": ["color-contrast", "link-in-text-block"]})


def _violations(page: sync_api.Page, within: str, options: dict[str, Any]) -> list[str]:
    base = pytest.importorskip(
        "axe_playwright_python.base", reason="axe-playwright-python is not installed"
    )
    page.evaluate(base.AXE_SCRIPT)
    results = page.evaluate(_AXE, [within, {"resultTypes": ["violations"], **options}])
    return [
        f"{rule['id']}: {node['target']}: {node['failureSummary']}"
        for rule in results["violations"]
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"]
    ]
