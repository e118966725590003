"""What operators rely on when they run compose.production.yaml: HTTPS, closed containers, an image without secrets."""

import functools
import gzip
import io
import json
import re
import secrets
import socket
import ssl
import statistics
import tarfile
import textwrap
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.docker.stack import run, variables
from tests.test_projects import environment_with

CHECKER = "drheaderplus==3.0.4"  # of the OWASP's and Mozilla's rules for headers
ACCEPTED = {
    "Cache-Control",  # with `no-store`, nobody could be told that nothing has changed (304)
    "Content-Security-Policy - img-src",  # `data:`, in which Swagger UI and the browsable API have their icons
    "Referrer-Policy",  # `same-origin` tells other sites nothing at all
}
USERS = {"web": 10001, "db": 999, "proxy": 65532}
NET_BIND_SERVICE = 1 << 10  # capabilities(7), linux/capability.h
# How many seconds it takes until 40 requests are answered, beside 40 connections on which nothing is asked.
BESIDE_SILENCE = """
import http.client, socket, time
silent = [socket.create_connection(("127.0.0.1", 8000)) for _ in range(40)]
time.sleep(0.5)
begun = time.monotonic()
for _ in range(40):
    connection = http.client.HTTPConnection("127.0.0.1", 8000)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()
print(time.monotonic() - begun)
"""
# How many sockets each process has, the most first, while sixteen that asked something at once keep theirs.
SOCKETS = """
import contextlib, os, socket
clients = [socket.create_connection(("127.0.0.1", 8000)) for _ in range(16)]
for client in clients:
    client.sendall(b"GET /health/live HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
assert all(client.recv(12) == b"HTTP/1.1 200" for client in clients)
counts = []
for name in filter(str.isdigit, os.listdir("/proc")):
    with contextlib.suppress(OSError):  # a health check, which has ended
        if int(name) != os.getpid():
            links = [os.readlink(f"/proc/{name}/fd/{fd}") for fd in os.listdir(f"/proc/{name}/fd")]
            counts.append(sum("socket:" in link for link in links))
print(*sorted(counts, reverse=True))
"""
STYLE = re.compile('href="(/static/admin/css/base[^"]*)"')


@pytest.fixture
def client(production):
    with production.client() as client:
        yield client


@pytest.fixture(scope="module")
def secret_texts(production):
    """Everything that must stay on the machine."""
    env = variables(production.project)
    return [*production.secrets.values(), env["SECRET_KEY"], env["POSTGRES_PASSWORD"]]


@pytest.fixture(scope="module")
def layers(production, tmp_path_factory):
    """The blobs of the image, uncompressed: its layers, and what is said about them."""
    path = tmp_path_factory.mktemp("image") / "image.tar"
    run("docker", "save", "--output", str(path), production.inspect("web")["Config"]["Image"])
    with tarfile.open(path) as image:
        blobs = [image.extractfile(member).read() for member in image if member.isfile()]
    path.unlink()
    return [gzip.decompress(blob) if blob.startswith(b"\x1f\x8b") else blob for blob in blobs]


def test_a_query_that_waits_for_too_long_ends_with_503(production):
    psql = functools.partial(production.execute, "psql", "--username=app", service="db", check=False)
    with ThreadPoolExecutor(1) as pool, production.user_client() as client:
        pool.submit(psql, "--command=LOCK TABLE library_book; SELECT pg_sleep(100)")
        time.sleep(2)
        response = client.get("/api/v1/books/", timeout=60)
        psql("--command=SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LOCK%'")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert client.get("/api/v1/books/").status_code == 200


class TestWebsite:
    def test_plain_http_is_sent_to_https(self, production):
        url = f"http://localhost:{production.http_port}/admin/?a=b"
        response = httpx.get(url, trust_env=False)
        assert response.status_code in {301, 308}
        assert response.headers["Location"] == "https://localhost/admin/?a=b"

    def test_an_answer_of_the_proxys_own_is_as_strict(self, client):
        response = client.post("/api/v1/auth/login/", content=b" " * 3_000_000)
        assert response.status_code == 413
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "max-age=31536000" in response.headers["Strict-Transport-Security"]
        assert not {"server", "via"} & response.headers.keys()

    def test_an_unknown_address_tells_nothing_of_the_project(self, client):
        response = client.get("/nothing/here/")
        assert response.status_code == 404
        assert not re.search("DEBUG|Traceback|urlpatterns|config.urls", response.text)

    def test_cookies_of_a_login_travel_by_https_only(self, production, client):
        response = production.sign_in_to_admin(client)
        cookies = dict(cookie.split("=", 1) for cookie in response.headers.get_list("Set-Cookie"))
        assert "Secure" in cookies["csrftoken"]
        assert "Secure" in cookies["sessionid"]
        assert "HttpOnly" in cookies["sessionid"]

    @pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/docs/", "/api/v1/books/"])
    def test_browsers_are_told_to_be_strict(self, client, path):
        headers = client.get(path).headers
        assert int(re.search(r"max-age=(\d+)", headers["Strict-Transport-Security"])[1]) >= 31_536_000
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] in {"same-origin", "no-referrer", "strict-origin"}
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert not {"server", "via"} & headers.keys()

    def test_a_public_checker_finds_no_fault_with_the_headers(self, client):
        program = """
            import drheader, json, sys
            for path, headers in json.loads(sys.argv[1]).items():
                for fault in drheader.Drheader(headers=headers).analyze():
                    if fault.severity != "low":
                        print(fault.rule, path, fault.value, fault.message, sep="; ")
        """
        pages = {}
        for path in ["/", "/admin/login/", "/api/docs/", "/api/v1/books/"]:
            pages[path] = dict(client.get(path).headers)
            pages[path].pop("set-cookie", None)  # the test above is about cookies
        python = environment_with(CHECKER, "3.13") / "bin/python"
        faults = run(python, "-c", textwrap.dedent(program), json.dumps(pages)).stdout.splitlines()
        assert {fault.partition("; ")[0] for fault in faults} == ACCEPTED, "\n".join(faults)

    @pytest.mark.parametrize(("version", "refusal"), [("TLSv1", True), ("TLSv1_1", True), ("TLSv1_2", False)])
    def test_no_version_of_tls_is_spoken_that_is_out_of_date(self, production, version, refusal):
        context = ssl.create_default_context(cadata=b"".join(production.authority.get_ca_certs(binary_form=True)))
        context.set_ciphers("ALL:@SECLEVEL=0")  # or this end would not try
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        with socket.create_connection(("127.0.0.1", production.port), timeout=20) as connection:
            try:
                context.wrap_socket(connection, server_hostname="localhost").close()
                refused = ""
            except ssl.SSLError as error:
                refused = error.reason
        assert refused == ("TLSV1_ALERT_PROTOCOL_VERSION" if refusal else "")

    def test_http_3_is_spoken_and_told_of(self, production, client):
        assert 'h3=":443"' in client.get("/").headers["Alt-Svc"]
        # A version that QUIC reserves for this: the answer is which ones there are (RFC 9000, 6 and 15).
        ours, theirs = secrets.token_bytes(8), secrets.token_bytes(8)
        hello = b"\xc0\x1a\x2a\x3a\x4a" + b"\x08" + theirs + b"\x08" + ours
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
            connection.settimeout(20)
            connection.sendto(hello.ljust(1200, b"\0"), ("127.0.0.1", production.port))
            answer = connection.recv(1500)
        assert answer[1:23] == b"\0\0\0\0" + b"\x08" + ours + b"\x08" + theirs
        assert b"\0\0\0\1" in {answer[start : start + 4] for start in range(23, len(answer), 4)}

    def test_static_files_are_named_after_their_content_and_kept_for_ever(self, client):
        path = STYLE.search(client.get("/admin/login/").text)[1]
        assert re.fullmatch(r"/static/admin/css/base\.[0-9a-f]{12}\.css", path)
        cache_control = client.get(path).headers["Cache-Control"]
        assert "immutable" in cache_control
        assert int(re.search(r"max-age=(\d+)", cache_control)[1]) >= 31_536_000

    def test_answers_are_compressed(self, client):
        assert client.get("/", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"

    def test_a_forged_host_name_is_refused_by_the_proxy(self, client):
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 421

    def test_a_forged_host_name_is_refused_by_the_project(self, production):
        request = "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000); "
        request += "c.request('GET', '/', headers={'Host': 'evil.example', 'X-Forwarded-Proto': 'https'}); "
        request += "print(c.getresponse().status)"
        assert production.execute("python", "-c", request).stdout.strip() == "400"


class TestContainers:
    @pytest.mark.parametrize(("service", "user"), USERS.items())
    def test_a_service_is_not_root_and_has_no_capability(self, production, service, user):
        status = production.execute("cat", "/proc/1/status", service=service).stdout
        assert re.search(rf"^Uid:(\s+{user}){{4}}$", status, re.MULTILINE)
        assert re.search(rf"^Gid:(\s+{user}){{4}}$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
        sets = re.findall(r"^Cap(\w+):\s+(\w+)$", status, re.MULTILINE)
        capabilities = {name: int(value, 16) for name, value in sets}
        # The bounding set is what a program could get: Caddy's file does not start without this one in it.
        within_reach = NET_BIND_SERVICE if service == "proxy" else 0
        assert capabilities == {"Inh": 0, "Prm": 0, "Eff": 0, "Bnd": within_reach, "Amb": 0}

    @pytest.mark.parametrize("service", ["web", "db", "proxy"])
    def test_not_even_root_can_write_to_a_root_file_system(self, production, service):
        result = production.execute("touch", "/made-here", service=service, options=("--user", "0"), check=False)
        assert result.returncode != 0
        assert "Read-only file system" in result.stderr

    @pytest.mark.parametrize("service", ["web", "db", "proxy"])
    def test_no_service_takes_all_of_the_machine(self, production, service):
        limits = production.inspect(service)["HostConfig"]
        assert 0 < limits["Memory"] <= 1024**3
        assert 0 < limits["PidsLimit"] <= 300
        assert 0 < limits["NanoCpus"] <= 2 * 10**9

    def test_only_the_proxy_publishes_ports(self, production):
        published = {name: production.inspect(name)["HostConfig"]["PortBindings"] for name in ("db", "web", "proxy")}
        assert published["db"] == published["web"] == {}
        assert {*published["proxy"]} == {"80/tcp", "443/tcp", "443/udp"}

    def test_the_database_reaches_no_other_network(self, production):
        networks = production.inspect("db")["NetworkSettings"]["Networks"]
        assert [*networks] == [f"{production.project.name}-production_database"]
        assert json.loads(run("docker", "network", "inspect", *networks).stdout)[0]["Internal"] is True

    def test_connections_on_which_nothing_is_asked_keep_no_request_waiting(self, production):
        # Forty of them reach both processes; in threads, as gunicorn has it, they would wait for five seconds each.
        assert float(production.execute("python", "-c", BESIDE_SILENCE).stdout) < 2.5

    def test_the_processes_have_as_many_connections_each(self, production):
        differences = []
        for _ in range(5):
            most, second, *_ = map(int, production.execute("python", "-c", SOCKETS).stdout.split())
            differences.append(most - second)
        assert statistics.median(differences) <= 6  # 11 and 12 where each takes what it can

    def test_web_stops_by_itself_within_five_seconds(self, production):
        code, took = production.stop("web")
        assert code == 0
        assert took < 5


class TestImage:
    def test_what_production_never_reads_is_not_in_it(self, production):
        find = "find / -xdev -name '*.po' -o -path '*/site-packages/*/static/*.js' -o -path '/app/static/*.map*'"
        assert production.execute("sh", "-c", find, check=False).stdout == ""
        assert production.execute("sh", "-c", "find /app/static -name '*.js'").stdout

    @pytest.mark.parametrize("tool", ["pipenv", "gcc", "cc", "make", "git", "pytest", "ruff", "mypy"])
    def test_tools_that_build_or_check_are_not_in_it(self, production, tool):
        assert production.execute("sh", "-c", f"command -v {tool}", check=False).stdout == ""

    def test_nothing_in_it_installs_packages(self, production):
        # Not in /usr: where Debian's Python stands in for the official image, it has a pip of its own there.
        names = ["-name", "pip", "-o", "-name", "pip[0-9]*", "-o", "-name", "pip-*", "-o", "-name", "ensurepip"]
        assert production.execute("find", "/usr/local", "/opt", *names).stdout == ""

    @pytest.mark.parametrize("module", ["pip", "pipenv", "pytest", "debugpy"])
    def test_its_python_has_no_package_for_developers(self, production, module):
        result = production.execute("python", "-c", f"import {module}", check=False)
        assert f"No module named '{module}'" in result.stderr

    def test_only_what_runs_is_copied_into_it(self, layers):
        names = set()
        for blob in layers:
            if blob[257:262] == b"ustar":
                with tarfile.open(fileobj=io.BytesIO(blob)) as layer:
                    names.update(name.split("/")[1] for name in layer.getnames() if name.startswith("app/"))
        assert {"manage.py", "config", "users", "library", "static"} <= names
        unwanted = {
            "secrets",
            "tests",
            "doctor.py",
            "swarm.py",
            "upgrade.py",
            "Dockerfile",
            "Caddyfile",
            "compose.yaml",
            "README.md",
        }
        assert not names & unwanted
        assert not [name for name in names if name.startswith(".") and not name.startswith(".wh.")]

    def test_no_layer_has_a_secret(self, layers, secret_texts):
        searched = [b"The addresses of the project.", *(text.encode() for text in secret_texts)]
        found = [text for text in searched if any(text in blob for blob in layers)]
        assert found == [b"The addresses of the project."]  # which shows that the search finds what is there

    def test_no_secret_can_be_read_out_of_the_engine(self, production, secret_texts):
        image = production.inspect("web")["Config"]["Image"]
        said = run("docker", "history", "--no-trunc", image).stdout + run("docker", "image", "inspect", image).stdout
        for service in production.states():
            said += json.dumps(production.inspect(service))
        assert "/run/secrets/secret_key" in said
        assert "/run/secrets/email_url" in said
        assert not [text for text in secret_texts if text in said]
