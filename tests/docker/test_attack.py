"""What scanners and people of ill will send to a production stack: all of it is refused, and slows nobody down."""

import contextlib
import gzip
import itertools
import json
import re
import socket
import ssl
import statistics
import threading
from urllib.parse import quote

import httpx
import pytest

from tests.docker import clock
from tests.docker.conftest import running
from tests.docker.load import AUTHORS, BOOKS, PAUSE, UNLIMITED, isbn, numbers
from tests.docker.stack import PASSWORD, USER, Production, set_variables

pytestmark = pytest.mark.alone

LOGIN, ME = "/api/v1/auth/login/", "/api/v1/users/me/"
INJECTIONS = [
    "' OR '1'='1",
    "1; DROP TABLE library_book; --",
    "' UNION SELECT password FROM users_user --",
    "'; SELECT pg_sleep(6); --",
    "1) OR 1=(SELECT 1 FROM pg_sleep(6)) --",
    "{{ settings.SECRET_KEY }}{% debug %}{{ 1337|add:7331 }}",
    "{{1337*7331}}${1337*7331}#{1337*7331}<%= 1337*7331 %>",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "%00\0",
    "\ud7ff\uffff\u202e",
    "9" * 5_000,
    "1e400",
    "$(sleep 5)`sleep 5`",
]
EXECUTED = {"8668", "9801547"}  # what the answer has where one of them was run
TRAVERSALS = [
    "../../config/settings.py",
    "..%2f..%2fconfig%2fsettings.py",
    "%2e%2e/%2e%2e/.env",
    "..%5c..%5c.env",
    "/etc/passwd",
]


@pytest.fixture(scope="module")
def stack(bake):
    project = bake(project_slug="attack-test", python_version="3.14")
    set_variables(project, THROTTLE_USER=UNLIMITED, THROTTLE_ANON=UNLIMITED, THROTTLE_LOGIN=UNLIMITED)
    with running(Production(project)) as stack:
        stack.manage("seed", "30")
        stack.manage(
            "shell",
            "--command",
            "from users.models import User; User.objects.create_user('eve', password='eve and nobody else')",
        )
        yield stack


@pytest.fixture(scope="module")
def eve(stack):
    """A user who may do no more than any other."""
    with stack.client() as client:
        token = client.post(LOGIN, json={"username": "eve", "password": "eve and nobody else"}).json()["token"]
    with stack.client(headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture(scope="module")
def book(stack):
    """A book of somebody else's."""
    with stack.user_client() as client:
        author = client.post(AUTHORS, json={"name": "Somebody Else"}).json()
        fields = {"title": "Of somebody else", "author": author["id"], "published": "2026-01-01"}
        return client.post(BOOKS, json=fields | {"isbn": isbn(next(numbers))}).json()


@pytest.fixture(scope="module")
def schema(stack):
    with stack.client() as client:
        return client.get("/api/schema/?format=json").json()


def connect(stack):
    """Return a connection to the proxy, on which anything can be sent."""
    raw = socket.create_connection(("127.0.0.1", stack.port), timeout=20)
    return stack.authority.wrap_socket(raw, server_hostname="localhost")


def answers(stack, text):
    """Send bytes to the proxy and return all that comes back until it closes the connection."""
    received = b""
    with connect(stack) as connection:
        connection.sendall(text)
        try:
            while part := connection.recv(65536):
                received += part
        except (TimeoutError, ssl.SSLError, ConnectionError):
            pass
    return received.decode("latin-1")


class TestRequests:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Forwarded-Host": "evil.example"},
            {"X-Forwarded-Proto": "http"},
            {"X-Forwarded-Port": "1"},
            {"X-Original-URL": "/admin/"},
            {"X-Rewrite-URL": "/admin/"},
            {"X-HTTP-Method-Override": "DELETE"},
            {"Forwarded": "host=evil.example;proto=http"},
        ],
        ids=lambda headers: next(iter(headers)),
    )
    def test_a_forged_header_changes_no_answer_and_none_that_others_get(self, visitor, headers):
        path = "/admin/login/?next=/admin/"
        plain = visitor.get(BOOKS).text
        forged = visitor.get(path, headers=headers)
        assert forged.status_code == 200
        assert "evil.example" not in forged.text + str(forged.headers)
        assert visitor.get(BOOKS, headers=headers).text == plain
        assert visitor.get(BOOKS).text == plain

    @pytest.mark.parametrize(
        "smuggling",
        [
            "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\nZ\r\nQ\r\n",
            "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\nabcd",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 4\r\n\r\nabcd",
            "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
            "Content-Length: +4\r\n\r\nabcd",
        ],
    )
    def test_a_request_hides_no_other_one(self, stack, smuggling):
        head = f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
        hidden = "GET /hidden-by-smuggling/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
        received = answers(stack, f"{head}{smuggling}{hidden}".encode())
        assert received.count("HTTP/1.1 ") == 1
        assert received.split()[1] in {"400", "501", "503"}  # 503: its body never came whole
        assert "hidden-by-smuggling" not in stack.compose("logs", "--no-color", "web").stdout

    @pytest.mark.parametrize("depth", [500, 5_000, 100_000])
    @pytest.mark.parametrize("nested", ['{{"username": {0}1{1}, "password": "x"}}', "{0}1{1}"])
    def test_json_however_deep_is_refused(self, visitor, depth, nested):
        body = nested.format("[" * depth, "]" * depth)
        response = visitor.post(LOGIN, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 400
        assert response.headers["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
    def test_a_compressed_body_is_not_unpacked(self, visitor, coding):
        right = json.dumps({"username": USER, "password": PASSWORD}).encode()
        bomb = gzip.compress(right + b" " * 50_000_000)
        headers = {"Content-Type": "application/json", "Content-Encoding": coding}
        assert visitor.post(LOGIN, content=bomb, headers=headers).status_code == 400

    @pytest.mark.parametrize("path", TRAVERSALS)
    @pytest.mark.parametrize("root", ["/static/", "/media/", "/"])
    def test_no_path_leads_to_a_file_that_is_not_served(self, stack, root, path):
        request = f"GET {root}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        received = answers(stack, request.encode())
        assert received.split()[1] in {"400", "404", "301", "308"}
        assert "root:" not in received
        assert "SECRET_KEY" not in received

    @pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
    def test_no_parameter_is_taken_for_a_part_of_a_program(self, visitor, eve, book, schema, text):
        lists = {path: read["get"] for path, read in schema["paths"].items() if "get" in read and "{" not in path}
        for path, name in [
            *((path, parameter["name"]) for path, read in lists.items() for parameter in read.get("parameters", ())),
            *itertools.product([BOOKS], ["format", "page", "unknown"]),
            *itertools.product(["/"], ["q", "after", "before"]),
        ]:
            response = eve.get(path, params={name: text.encode("utf-8", "replace")})
            assert response.status_code in {200, 400, 404, 414}, (path, name)
            assert not [result for result in EXECUTED if result in response.text], (path, name)
            assert "<script>alert(1)" not in response.text or "json" in response.headers["Content-Type"], (path, name)
            assert response.elapsed.total_seconds() < 5
        for field in ("title", "subtitle", "author", "isbn", "published"):
            new = {"title": "T", "author": book["author"], "published": "2026-01-01", "isbn": isbn(next(numbers))}
            response = eve.post(BOOKS, json=new | {field: text})
            assert response.status_code in {201, 400}, field
            assert response.elapsed.total_seconds() < 5
        for field in ("email", "first_name", "last_name"):
            response = eve.patch(ME, json={field: text})
            assert response.status_code in {200, 400}, field
            assert response.status_code == 400 or response.json()[field] == text.strip(), field
        for path in (f"{BOOKS}{text}/", f"/books/{text}/"):
            assert visitor.get(quote(path)).status_code in {400, 404, 414}
        assert visitor.get(BOOKS, params={"page_size": 30}).json()["results"]

    def test_what_was_sent_as_markup_is_shown_as_text(self, visitor, eve, book):
        title = "<script>alert(1)</script>{{ 7|add:7 }}"
        new = {"title": title, "author": book["author"], "published": "2026-01-01", "isbn": isbn(next(numbers))}
        added = eve.post(BOOKS, json=new).json()
        for path in ("/?q=script", f"/books/{added['id']}/"):
            page = visitor.get(path).text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page


class TestRights:
    def test_nobody_makes_herself_an_administrator(self, stack, eve):
        before = eve.get(ME).json()
        more = {"is_staff": True, "is_superuser": True, "username": "ada", "id": 1, "groups": [1], "password": "x"}
        assert eve.patch(ME, json=more).status_code == 200  # what may not be changed is not read
        assert [eve.request(method, ME, json=more).status_code for method in ("PUT", "POST")] == [405, 405]
        assert eve.get(ME).json() == before
        script = (
            "from users.models import User; u = User.objects.get(username='eve'); "
            "print(u.is_staff, u.is_superuser, u.groups.count(), u.check_password('x'))"
        )
        assert stack.manage("shell", "--verbosity=0", "--command", script).split() == ["False", "False", "0", "False"]

    def test_nobody_gives_what_she_adds_to_another_or_takes_an_id(self, eve, book):
        new = {"title": "Mine", "author": book["author"], "published": "2026-01-01", "isbn": isbn(next(numbers))}
        added = eve.post(BOOKS, json=new | {"owner": book["owner"], "id": book["id"]}).json()
        assert added["owner"] != book["owner"]
        assert added["id"] != book["id"]

    def test_nobody_changes_what_belongs_to_another(self, eve, visitor, book):
        for path in (f"{BOOKS}{book['id']}/", f"{AUTHORS}{book['author']}/"):
            before = visitor.get(path).json()
            assert eve.put(path, json=before | {"title": "Taken", "name": "Taken"}).status_code == 403
            assert eve.patch(path, json={"title": "Taken", "name": "Taken"}).status_code == 403
            assert eve.delete(path).status_code == 403
            assert visitor.delete(path).status_code == 401
            assert visitor.get(path).json() == before

    def test_a_user_is_no_visitor_of_the_admin(self, visitor):
        page = visitor.get("/admin/login/")
        form = {
            "username": "eve",
            "password": "eve and nobody else",
            "csrfmiddlewaretoken": visitor.cookies["csrftoken"],
        }
        visitor.post("/admin/login/?next=/admin/", data=form, headers={"Referer": str(page.url)})
        for path in ("/admin/", "/admin/users/user/", "/admin/users/user/1/change/", "/admin/library/book/"):
            assert visitor.get(path).headers["Location"].startswith("/admin/login/")

    @pytest.mark.parametrize(
        "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
    )
    @pytest.mark.parametrize("path", ["/admin/login/", "/login/"])
    def test_a_login_sends_nobody_elsewhere(self, stack, visitor, path, target):
        page = visitor.get(path, params={"next": target})
        form = {"username": "ada", "password": "correct horse battery", "next": target}
        form["csrfmiddlewaretoken"] = visitor.cookies["csrftoken"]
        response = visitor.post(path, data=form, headers={"Referer": str(page.url)})
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/")
        assert "evil" not in response.headers["Location"]

    @pytest.mark.parametrize("path", ["//evil.example/admin", "/\\evil.example/admin", "//evil.example/%2e%2e"])
    def test_an_address_that_looks_like_another_site_leads_nowhere_else(self, stack, path):
        received = answers(stack, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        location = re.search(r"^Location: (.*?)\r$", received, re.MULTILINE | re.IGNORECASE)
        assert received.split()[1] in {"301", "308", "400", "404"}
        assert location is None or re.match(r"/(?![/\\])|https://localhost[:/]", location[1])

    def test_a_form_of_another_site_adds_nothing(self, visitor, stack):
        assert stack.sign_in_to_admin(visitor).status_code == 302
        for path in ("/books/add/", "/admin/library/author/add/", BOOKS):
            response = visitor.post(path, data={"title": "x"}, headers={"Origin": "https://evil.example"})
            assert response.status_code == 403


SCRIPT = re.compile('<script src="([^"]+swagger-ui-bundle[^"]*)"')
NOISE = 0.01  # seconds by which two medians differ on a machine that does the same
SLOW = {
    "headers": (f"GET {BOOKS} HTTP/1.1\r\nHost: localhost\r\n", "X-More: 1\r\n"),
    "body": (
        f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n",
        " ",
    ),
    "reading": ("GET {script} HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
    "a large body": (
        f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {{most}}\r\n\r\n{{blanks}}",
        " ",
    ),
}


FLOODS = {
    "bodies of 100 MB": b" " * 100_000_000,
    "deep JSON": b"[" * 100_000 + b"]" * 100_000,
}


def seconds(client):
    """Return how long each of ten lists of books took."""
    times = []
    for _ in range(10):
        begun = clock.now()
        assert client.get(BOOKS).status_code == 200
        times.append(clock.now() - begun)
    return times


@contextlib.contextmanager
def slow_people(stack, start, more):
    """While it is entered, 200 connections have sent a part of a request; what it yields sends a bit of the rest."""
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(connect(stack)) for _ in range(200)]
        for connection in connections:
            connection.sendall(start)
        with stack.client() as client:
            client.get(BOOKS, timeout=60)  # after the two hundred that came before

        def send_more():
            for connection in connections:
                connection.sendall(more)

        yield send_more


@contextlib.contextmanager
def flood(stack, body):
    """While it is entered, two people send that body to the login again and again."""
    ended = threading.Event()

    def send():
        with stack.client(headers={"Content-Type": "application/json"}) as client:
            while not ended.wait(PAUSE):
                with contextlib.suppress(httpx.TransportError):  # cut off while it sends
                    client.post(LOGIN, content=body)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: None
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def keeps_nobody_waiting(visitor, attack):
    """Fail if a list of books takes others more than half as long again, three times in a row."""
    tries = []
    for _ in range(3):
        alone = seconds(visitor)
        with attack() as go_on:
            beside = []
            for _ in range(3):
                go_on()
                beside += seconds(visitor)
        assert max(beside) < 5
        tries.append([statistics.median(times) for times in (alone, beside)])
        if tries[-1][1] <= 1.5 * tries[-1][0] + NOISE:
            break
    print(f"Milliseconds of a list, alone and beside it: {[[round(1000 * each) for each in one] for one in tries]}")
    assert tries[-1][1] <= 1.5 * tries[-1][0] + NOISE


@pytest.mark.parametrize("slow", SLOW)
def test_two_hundred_slow_people_keep_nobody_else_waiting(stack, visitor, slow):
    script = SCRIPT.search(visitor.get("/api/docs/").text)[1]
    most = int(re.search(r"max_size (\d+)MB", (stack.project / "Caddyfile").read_text("utf-8"))[1]) * 10**6 - 1
    values = {"script": script, "most": most, "blanks": " " * (most - 100)}
    start, more = (text.format(**values).encode() for text in SLOW[slow])
    before = stack.inspect("proxy")["State"]
    # There are eight threads: if the slow had them, nobody else would be answered.
    keeps_nobody_waiting(visitor, lambda: slow_people(stack, start, more))
    assert stack.inspect("proxy")["State"] == before  # it was not killed for the memory that it took


@pytest.mark.parametrize("body", FLOODS)
def test_a_flood_keeps_nobody_else_waiting(stack, visitor, body):
    keeps_nobody_waiting(visitor, lambda: flood(stack, FLOODS[body]))


def test_nothing_of_all_this_was_a_failure(stack):
    log = stack.compose("logs", "--no-color", "web").stdout
    assert "request_finished" in log
    assert '"code": 500' not in log
    assert "Traceback" not in log
    assert [stack.inspect(service)["RestartCount"] for service in ("web", "proxy", "db")] == [0, 0, 0]


def test_a_flood_of_wrong_passwords_keeps_nobody_else_waiting(stack):
    set_variables(stack.project, THROTTLE_LOGIN="10/min")  # as it is where nobody sets it
    stack.up()
    with stack.client() as visitor:
        keeps_nobody_waiting(visitor, lambda: flood(stack, b'{"username": "nobody", "password": "wrong"}'))


def test_the_admin_is_where_and_for_whom_the_environment_says(stack):
    def statuses():
        with stack.client() as client:
            return [client.get(path).status_code for path in ("/admin/", "/office/", "/%6Fffice/users/", BOOKS)]

    set_variables(stack.project, ADMIN_PATH="office")
    stack.up()
    assert statuses() == [404, 302, 302, 200]
    set_variables(stack.project, ADMIN_NETWORKS="203.0.113.0/24 2001:db8::/32")
    stack.up()
    assert statuses() == [404, 404, 404, 200]
    set_variables(stack.project, ADMIN_NETWORKS="203.0.113.0/24 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16")
    stack.up()
    assert statuses() == [404, 302, 302, 200]  # from the bridge's address
