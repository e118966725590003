"""What a person sees in a browser, in production: nothing is refused, nothing is out of reach."""

import contextlib
import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, sync_playwright

from tests import TEMPLATE
from tests.docker.conftest import FRONTEND
from tests.docker.stack import PASSWORD, USER

# Chromium gives up what it loads when a network of the machine comes or goes, as they do with other tests beside.
pytestmark = pytest.mark.alone

CHROMIUM = shutil.which("chromium")
# The browser says nothing of its own accord to anybody; as root, it has no sandbox.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUIET += ["--disable-features=LocalNetworkAccessChecks"]  # which asks people whether a page may reach this machine
PHONE = {"width": 375, "height": 667}
TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", event =>
    console.error(`Content-Security-Policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
ERRORS = ["400", "403", "403_csrf", "404", "413", "429", "500", "503"]


@pytest.fixture(scope="module")
def chromium():
    """Skip these tests where no Chromium is installed, but not where they are what must pass."""
    if not CHROMIUM:
        reason = "There is no Chromium (Debian's package is called chromium)."
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET) as browser:
        yield browser


@contextlib.contextmanager
def window(chromium, stack, **options):
    """Open a window that knows nobody yet, and keep in `window.complaints` what the browser has to complain of."""
    with chromium.new_context(base_url=stack.url, ignore_https_errors=True, **options) as context:
        context.add_init_script(TELL_VIOLATIONS)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: said.type in {"error", "warning"} and page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("requestfailed", lambda request: page.complaints.append(f"{request.url}: {request.failure}"))
        page.on("response", lambda answer: answer.ok or answer.status < 400 or page.complaints.append(answer.url))
        yield page


@pytest.fixture
def page(chromium, production):
    with window(chromium, production) as page:
        yield page


@pytest.fixture(scope="module")
def session(chromium, production):
    """The cookies of somebody who may do everything."""
    with window(chromium, production) as page:
        sign_in(page)
        return page.context.storage_state()


@pytest.fixture
def user_page(chromium, production, session):
    with window(chromium, production, storage_state=session) as page:
        yield page


@pytest.fixture(scope="module")
def errors(production):
    """The pages of errors, by name."""
    code = "from django.template.loader import render_to_string as page; print(page('{}.html'))"
    return {name: production.manage("shell", "--no-imports", "-c", code.format(name)) for name in ERRORS}


def sign_in(page, then="/"):
    page.goto(f"/login/?next={then}")
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{then}")


def visit(page, path):
    """Go to a page and wait until nothing more is loaded.

    A container that starts or ends changes the machine's networks, for which Chromium gives up what it is loading: then
    the page is loaded again.
    """
    try:
        page.goto(path, wait_until="networkidle")
    except Error as error:
        if "ERR_NETWORK_CHANGED" not in str(error):
            raise
        page.complaints.append(str(error))
    if any("ERR_NETWORK_CHANGED" in said for said in page.complaints):
        page.complaints.clear()
        visit(page, path)


def show_error(page, name, errors):
    """Show the page of an error as if the project had answered with it."""
    page.route("**/error", lambda route: route.fulfill(body=errors[name], content_type="text/html"))
    visit(page, "/error")


def keep(page, name):
    """Make a picture for README.md, where that is asked for."""
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=TEMPLATE / f"docs/screenshots/{name}.png")


def faults(page):
    """Return what axe finds against the rules of WCAG 2.2 and good practice."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    return found.generate_report() if found.violations_count else None


def focused(page):
    return page.evaluate("(({id, name, textContent}) => (textContent || id || name).trim())(document.activeElement)")


# Where each page of the Library is shown, with its errors.


def book_list(page):
    visit(page, "/")


def nothing_found(page):
    visit(page, "/?q=nothing")


def book(page):
    visit(page, "/")
    page.locator(".books a").first.click()


def login(page):
    visit(page, "/login/")


def failed_login(page):
    visit(page, "/login/")
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("nothing")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".errorlist").wait_for()


def new_book(page):
    visit(page, "/books/add/")


def refused_book(page):
    visit(page, "/books/add/")
    write_book(page, title="W" * 200, isbn="978-0-201-55802-8")
    page.locator(".errorlist").wait_for()


def write_book(page, title, isbn):
    page.get_by_label("Title:", exact=True).fill(title)
    page.get_by_label("Author").fill("Ronald Graham")
    page.get_by_label("ISBN").fill(isbn)
    page.get_by_label("Published").fill("1994-02-28")
    page.get_by_role("button", name="Save").click()


SCREENS = [book_list, nothing_found, book, login, failed_login, new_book, refused_book]


class TestNothingIsRefused:
    @pytest.mark.parametrize("path", ["/", "/login/", "/api/docs/", "/api/redoc/", "/api/v1/books/", "/admin/login/"])
    def test_the_browser_has_nothing_to_complain_of(self, page, path):
        visit(page, path)
        assert page.complaints == []

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/books/add/",
            "/api/docs/",
            "/api/redoc/",
            "/api/v1/books/",
            "/api/v1/users/me/",
            "/admin/",
            "/admin/library/book/",
            "/admin/library/book/add/",
        ],
    )
    def test_nor_does_that_of_a_user(self, user_page, path):
        visit(user_page, path)
        assert user_page.complaints == []

    @pytest.mark.parametrize("name", ERRORS)
    def test_nor_does_that_of_somebody_who_sees_an_error(self, page, errors, name):
        show_error(page, name, errors)
        assert page.complaints == []

    def test_swagger_ui_shows_the_projects_name_and_what_an_operation_takes(self, page):
        visit(page, "/api/docs/")
        page.get_by_role("heading", name="My API").wait_for()
        keep(page, "swagger-ui")
        page.locator("#operations-books-books_list").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        page.locator(".live-responses-table").get_by_text("results").first.wait_for()
        assert page.complaints == []

    def test_redoc_shows_the_projects_name_and_finds_operations(self, page):
        visit(page, "/api/redoc/")
        page.get_by_role("heading", name="My API").wait_for()
        page.get_by_placeholder("Search").press_sequentially("books", delay=20)
        page.locator("[data-role='search:results'] label").first.wait_for()
        assert page.complaints == []

    def test_the_api_in_a_browser_shows_the_projects_name_and_its_filters(self, user_page):
        visit(user_page, "/api/v1/books/")
        assert user_page.title() == "Book List · My API"
        user_page.get_by_role("button", name="Filters").click()
        user_page.locator("#filtersModal [name=search]").wait_for()
        assert user_page.complaints == []

    def test_the_project_has_an_icon(self, page):
        answer = page.request.get("/favicon.ico")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")

    def test_without_the_library_the_documentation_is_in_front(self, chromium, production_without_library):
        with window(chromium, production_without_library) as page:
            visit(page, "/")
            page.get_by_role("heading", name="My API").wait_for()
            assert page.complaints == []
            visit(page, "/api/redoc/")
            assert page.complaints == []
            assert page.request.get("/favicon.ico").ok


ASK = """async ([url, token]) => {
    const answer = await fetch(url, {headers: {Authorization: `Bearer ${token}`}});
    return [answer.status, !!answer.headers.get("X-Request-ID")];
}"""


class TestFrontend:
    """A page of another origin, as the browser sees it: nothing answers there."""

    @pytest.fixture
    def ask(self, page, production):
        def ask(origin):
            page.route(f"{origin}/", lambda route: route.fulfill(body="", content_type="text/html"))
            visit(page, f"{origin}/")
            return page.evaluate(ASK, [f"{production.url}/api/v1/users/me/", production.token])

        return ask

    def test_its_scripts_may_use_the_api_where_it_is_allowed(self, ask):
        assert ask(FRONTEND) == [200, True]

    def test_those_of_others_may_not(self, ask, page):
        with pytest.raises(Error, match="Failed to fetch"):
            ask("http://localhost:3001")
        assert "No 'Access-Control-Allow-Origin' header" in page.complaints[0]


class TestLibrary:
    def test_a_user_signs_in_and_adds_a_book(self, page):
        sign_in(page, then="/books/add/")
        write_book(page, title="Concrete Mathematics", isbn="978-0-201-55802-9")
        page.get_by_role("heading", name="Concrete Mathematics").wait_for()
        visit(page, "/?q=graham+concrete")
        assert page.locator(".books li").all_inner_texts() == ["Concrete Mathematics Ronald Graham, 1994"]
        assert page.complaints == []

    def test_pages_lead_to_the_next_and_back(self, page):
        visit(page, "/")
        first = page.locator(".books").inner_text()
        page.get_by_role("link", name="Next page").click()
        page.get_by_role("link", name="Previous page").click()
        page.wait_for_url("**before=*")
        assert page.locator(".books").inner_text() == first

    def test_a_form_without_its_cookie_is_refused_with_a_page(self, page):
        login(page)
        page.context.clear_cookies()
        page.get_by_label("Username").fill(USER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="The form was not accepted").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
class TestAccessibility:
    @pytest.mark.parametrize("screen", SCREENS)
    def test_axe_finds_nothing_on_the_website(self, user_page, screen, scheme):
        user_page.emulate_media(color_scheme=scheme)
        screen(user_page)
        if screen is book_list:
            keep(user_page, f"website-{scheme}")
        assert faults(user_page) is None

    @pytest.mark.parametrize("name", ERRORS)
    def test_axe_finds_nothing_on_a_page_of_an_error(self, page, errors, name, scheme):
        page.emulate_media(color_scheme=scheme)
        show_error(page, name, errors)
        assert faults(page) is None


class TestPhone:
    @pytest.mark.parametrize("screen", SCREENS)
    def test_nothing_of_the_website_is_wider_than_a_phone(self, user_page, screen):
        user_page.set_viewport_size(PHONE)
        screen(user_page)
        if screen is new_book:
            keep(user_page, "phone")
        assert user_page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    @pytest.mark.parametrize("name", ERRORS)
    def test_nothing_of_an_error_is_wider_than_a_phone(self, page, errors, name):
        page.set_viewport_size(PHONE)
        show_error(page, name, errors)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    @pytest.mark.parametrize("screen", SCREENS)
    def test_controls_have_room_for_a_finger(self, user_page, screen):
        user_page.set_viewport_size(PHONE)
        screen(user_page)
        controls = user_page.locator("header a, nav a, input:not([type=hidden]), button").all()
        boxes = [control.bounding_box() for control in controls if control.is_visible()]
        assert min(box["height"] for box in boxes[1:]) >= 44  # the first is the link that only the keyboard shows


class TestKeyboard:
    def test_the_first_key_offers_to_skip_to_the_content(self, page):
        visit(page, "/")
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the content"
        assert page.locator(".skip").bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert focused(page).startswith("Books")
        page.keyboard.press("Tab")
        assert focused(page) == "q"

    def test_the_keys_go_through_the_page_from_top_to_bottom(self, page):
        visit(page, "/")
        order = []
        for _ in range(7):
            page.keyboard.press("Tab")
            order.append(focused(page))
        first = page.locator(".books a").first.inner_text()
        assert order == ["Skip to the content", "My API", "API", "Sign in", "q", "Search", first]

    def test_what_has_the_focus_can_be_seen(self, page):
        visit(page, "/")
        for _ in range(5):
            page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outline")
        assert "solid 3px" in outline
