"""A browser that does not answer fails one test, and no other."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil
import pytest

from tests.browser import opened
from tests.chromium import Chromium, sync_api


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs, however long their remains are kept."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        running = psutil.process_iter(["status"])
        states = {each: each.info["status"] for each in running}
        if all(states.get(each) in (None, psutil.STATUS_ZOMBIE) for each in processes):
            return True
        time.sleep(0.05)
    return False


def works(chromium: Chromium) -> bool:
    with chromium.answering() as browser, opened(browser, "data:text/html,<p>One") as (page, _):
        return bool(page.inner_text("p") == "One")


def never_answers(page: sync_api.Page, _: Chromium) -> None:
    page.evaluate("() => { for (;;); }")


def takes_no_key(page: sync_api.Page, _: Chromium) -> None:
    page.evaluate("() => { setTimeout(() => { for (;;); }) }")
    page.keyboard.press("a")


def stands_still(page: sync_api.Page, chromium: Chromium) -> None:
    for process in chromium.processes()[:-1]:
        process.suspend()
    page.evaluate("1")


def crashes(page: sync_api.Page, chromium: Chromium) -> None:
    for process in chromium.processes()[:-1]:
        process.kill()
    page.evaluate("1")


@pytest.mark.parametrize("trouble", [never_answers, takes_no_key, stands_still, crashes])
def test_a_browser_that_does_not_answer_is_ended_in_time_and_the_next_one_works(
    chromium: Chromium, trouble: Callable[[sync_api.Page, Chromium], None]
) -> None:
    def use() -> None:
        with chromium.answering(1) as browser, opened(browser, "data:text/html,<p>") as (page, _):
            started.extend(chromium.processes())
            trouble(page, chromium)

    assert works(chromium)
    started: list[psutil.Process] = []
    begun = time.monotonic()
    with pytest.raises(sync_api.Error, match="closed"):
        use()
    assert time.monotonic() - begun < 20
    assert works(chromium)
    assert gone(started)


def test_after_a_failure_the_browser_is_another(chromium: Chromium) -> None:
    def fail() -> None:
        with chromium.answering() as browser, opened(browser, "data:text/html,<p>"):
            used.append(browser)
            raise ZeroDivisionError

    used: list[sync_api.Browser] = []
    with pytest.raises(ZeroDivisionError):
        fail()
    with chromium.answering() as another:
        assert another not in used
    with chromium.answering() as again:
        assert again is another


def test_nothing_is_left_running(chromium: Chromium) -> None:
    assert works(chromium)
    started = chromium.processes()
    assert len(started) > 2
    chromium.close()
    assert gone(started)
