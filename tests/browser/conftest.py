"""A real browser before the real web application: uvicorn on a port of its own, Chromium, and what it must never do."""

import os
import subprocess
from pathlib import Path

import newsroom
import pytest
import serving
from playwright import sync_api

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "artefacts" / "screens"
AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-quic"]
LOOKS = {
    "light": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "null"},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 320, "height": 740}, "color_scheme": "null"},
}


def find_browser():
    """Chromium's path, as scripts/ensure-browser says it, or its words about how to get one."""
    done = subprocess.run(
        [ROOT / "scripts" / "ensure-browser", "--only-look"], capture_output=True, text=True, check=False
    )
    return (done.stdout.strip(), "") if done.returncode == 0 else ("", done.stderr.strip())


@pytest.fixture(scope="session")
def server(django_db_setup, tmp_path_factory):
    """`dispatch web`, upon the tests' database."""
    with serving.web(tmp_path_factory.mktemp("web")) as base:
        yield base


@pytest.fixture(scope="module")
def chromium():
    """One browser a module. Playwright keeps an event loop in this thread, which Django would mistake for its own."""
    path, why_not = find_browser()
    if not path:
        pytest.skip(why_not)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def _is_awaited(request):
    """Of a page that was closed no answer is told any more."""
    try:
        return not request.frame.page.is_closed()
    except sync_api.Error:  # its page is still on the way
        return True


class Visitor:
    """A person at a browser. Whatever leaves the host, or breaks the page's own policy, is remembered and held against it."""

    def __init__(self, browser, base):
        self.base, self.strayed, self.complaints, self.unanswered = base, [], [], set()
        self.context = browser.new_context(base_url=base, **LOOKS["light"])
        self.context.set_default_timeout(60_000)
        self.context.on("request", self._watch)
        for over in ("requestfinished", "requestfailed"):
            self.context.on(over, lambda request: self.unanswered.discard(request))  # noqa: PLW0108 - it reads its signature
        self.page = self.context.new_page()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _watch(self, request):
        if not request.url.startswith((self.base, "data:")):
            self.strayed.append(request.url)
        if request.resource_type != "eventsource":
            self.unanswered.add(request)

    def _listen(self, message):
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def sign_in(self, user):
        from dispatch.accounts import signing_in

        self.page.goto(signing_in.link(user))
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/")

    def leave(self):
        """Close the browser, once all it asked is answered: a request that is still at work when the next test empties the
        tables finds its person gone, and its traceback is held against the server."""
        for _ in range(1200):
            if not any(map(_is_awaited, self.unanswered)):
                break
            self.page.wait_for_timeout(50)
        self.page.goto("about:blank")
        self.context.close()
        serving.rest()
        assert self.strayed == []
        assert self.complaints == []

    def look(self, name, path=""):
        """Open a page, or stay on this one, light, dark and on a phone; keep its pictures, and let axe judge it each time."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        for look, how in LOOKS.items():
            self.page.set_viewport_size(how["viewport"])
            self.page.emulate_media(color_scheme=how["color_scheme"], reduced_motion="reduce")
            if path:
                self.page.goto(path)
            self.page.wait_for_load_state()  # of what was clicked a moment ago
            height = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({**how["viewport"], "height": height})  # what is out of view is not painted
            self.page.screenshot(path=SCREENS / f"{name}-{look}.png", animations="disabled")
            width = self.page.evaluate("document.documentElement.scrollWidth")
            assert width <= how["viewport"]["width"], f"{name} is {width} wide at {how['viewport']['width']}"
            assert self.violations() == [], f"{name}, {look}"
        self.page.set_viewport_size(LOOKS["light"]["viewport"])
        self.page.emulate_media(color_scheme="null")

    def violations(self):
        """All that axe finds, of WCAG's rules and of its own best practice."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, {iframes: false})")["violations"]
        return [f"{one['id']}: {node['html'][:160]} {node['any'][:1]}" for one in found for node in one["nodes"]]


@pytest.fixture
def a_visitor():
    """a_visitor(browser, address), for a host of a test's own."""
    return Visitor


@pytest.fixture
def visitor(chromium, server, transactional_db):
    one = Visitor(chromium, server)
    yield one
    one.leave()


@pytest.fixture
def alice(visitor):
    """An operator, signed in."""
    user = newsroom.person()
    visitor.sign_in(user)
    return user


@pytest.fixture
def page(visitor):
    return visitor.page


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What stood on the page when a test of it failed: its words in the report, its picture beside the others."""
    report = yield
    one = getattr(item, "funcargs", {}).get("visitor")
    if call.when == "call" and report.failed and one:
        try:
            report.sections.append((f"The page {one.page.url}", one.page.locator("body").inner_text(timeout=5_000)))
            one.page.screenshot(path=SCREENS / "failed" / f"{item.name}.png", full_page=True)
        except sync_api.Error as error:
            report.sections.append(("The page", f"It could not be looked at: {error}"))
    return report
