"""A real browser: ``page`` is a page of it that nothing but this machine's own files and addresses can be asked for.

Chromium as Debian has it, or an installed Chrome; where there is neither, the tests are skipped and that is said.
"""

from __future__ import annotations

import os
import shutil
from urllib.parse import urlsplit

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS = ("Google Chrome", "Chromium")
OFFLINE = [  # it asks nobody for anything by itself
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]
LOCAL_SCHEMES = ("file", "data", "blob", "about")
LOCAL_HOSTS = ("localhost", "127.0.0.1")
PATIENCE = 10_000  # milliseconds, for what a page is waited for


def installed_browser() -> str | None:
    """The path of the browser: $BROWSER_FOR_TESTS, or the first that is installed."""
    applications = (f"/Applications/{name}.app/Contents/MacOS/{name}" for name in MACOS)
    names = (os.environ.get("BROWSER_FOR_TESTS"), *NAMES, *applications)
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser():
    """One with an empty profile, for the tests of a file.

    Not longer: while playwright is open in a thread, nothing else in it can run an event loop of asyncio's.
    """
    path = installed_browser()
    if path is None:
        pytest.skip("no Chromium or Chrome is installed: what is exported is not looked at in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=OFFLINE)
        yield opened
        opened.close()


@pytest.fixture
def complaints():
    """Return the pages' network requests and script errors; the test fails if there are any at the end."""
    return []


@pytest.fixture
def context(browser, complaints):
    """A profile of its own for a test, and its pages' windows."""
    made = browser.new_context(viewport={"width": 1280, "height": 800})
    made.set_default_timeout(PATIENCE)
    made.on("request", lambda asked: None if _is_local(asked.url) else complaints.append(f"asked for {asked.url}"))
    made.on("weberror", lambda error: complaints.append(str(error.error)))
    made.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield made
    made.close()
    assert complaints == []


@pytest.fixture
def page(context):
    """An empty page; ``page.goto(path.as_uri())``."""
    return context.new_page()


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in LOCAL_SCHEMES or parts.hostname in LOCAL_HOSTS
