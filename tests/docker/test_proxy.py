"""What operators rely on in the proxy: it keeps its certificates, and knows who comes to it through another one."""

import json
import sys

import pytest

from tests.docker.conftest import running
from tests.docker.load import BOOKS
from tests.docker.stack import Production, eventually, free_port, run, set_variables
from tests.docker.test_attack import connect
from tests.docker.test_development import changed

NAME = "proxy-test"
FRONT = f"{NAME}-front"
ANOTHER_PROXY = """
{
	admin off
	auto_https disable_redirects
	skip_install_trust
}
https://localhost:8443 {
	tls internal
	reverse_proxy https://proxy {
		# As most proxies do it: what comes with the request stays in front.
		header_up X-Forwarded-For "{http.request.header.X-Forwarded-For}, {remote_host}"
		header_up Host localhost
		transport http {
			tls_insecure_skip_verify
			tls_server_name localhost
		}
	}
}
"""
ASK = """
import socket, ssl, sys
host, port, path, *headers = sys.argv[1:]
lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
raw = socket.create_connection((host, int(port)), timeout=20)
with ssl._create_unverified_context().wrap_socket(raw, server_hostname="localhost") as server:
    server.sendall("\\r\\n".join(lines).encode())
    print(server.makefile("rb").readline().split()[1].decode())
"""


@pytest.fixture(scope="module")
def stack(bake):
    project = bake(project_slug=NAME, python_version="3.14")
    set_variables(project, THROTTLE_ANON="5/hour", WEB_CONCURRENCY="1")  # which counts all that come
    with running(Production(project)) as stack:
        yield stack


@pytest.fixture
def front(stack, tmp_path):
    """Start another proxy before the project's, and return the port that it has on this machine."""
    port = free_port()
    (tmp_path / "Caddyfile").write_text(ANOTHER_PROXY, "utf-8")
    where = (f"--network={NAME}-production_front", f"--publish=127.0.0.1:{port}:8443")
    volume = f"--volume={tmp_path}/Caddyfile:/etc/caddy/Caddyfile:ro"
    run("docker", "run", "--rm", "--detach", f"--name={FRONT}", *where, volume, "caddy:2")
    yield port
    run("docker", "rm", "--force", FRONT)


def certificate(stack):
    with connect(stack) as connection:
        return connection.getpeercert(binary_form=True)


def test_a_new_container_has_the_certificates_of_the_old_one(stack):
    container, before = stack.inspect("proxy")["Id"], certificate(stack)
    stack.compose("up", "--detach", "--wait", "--force-recreate", "--no-deps", "proxy")
    stack.wait_for_the_proxy()
    assert stack.inspect("proxy")["Id"] != container
    assert certificate(stack) == before


def as_it_was(compose):
    """Return the file as it was while the proxy was root: the volume and all in it belonged to root as well."""
    compose = compose.replace('user: "65532:65532"', 'user: "0:0"')
    return compose.replace("- caddy:/data", "- certificates:/data").replace("\n  caddy:\n", "\n  certificates:\n")


def test_what_a_proxy_that_was_root_has_left_is_in_nobodys_way(stack):
    def it_keeps_keys_of_roots():
        return "root.key" in stack.execute("find", "/data", "-user", "0", service="proxy", check=False).stdout

    with changed(stack.project / "compose.production.yaml", as_it_was):
        stack.compose("up", "--detach", "--wait", "--no-deps", "proxy")
        eventually(it_keeps_keys_of_roots)
    stack.compose("up", "--detach", "--wait", "--no-deps", "proxy")
    stack.wait_for_the_proxy()
    assert not it_keeps_keys_of_roots()
    run("docker", "volume", "rm", f"{NAME}-production_certificates")  # as CHANGELOG.md says


def test_clients_of_another_proxy_are_told_apart_where_it_is_trusted(stack, front):
    def here(*headers, path=BOOKS):
        return int(run(sys.executable, "-c", ASK, "127.0.0.1", str(front), path, *headers).stdout)

    def elsewhere(*headers, path=BOOKS):
        return int(stack.execute("python", "-c", ASK, FRONT, "8443", path, *headers).stdout)

    def it_answers():
        return here(path="/health/live") == 200

    networks = json.loads(run("docker", "inspect", FRONT).stdout)[0]["NetworkSettings"]["Networks"]
    [network] = networks.values()
    trust = f"\n\t\ttrusted_proxies static {network['IPAddress']}/32\n\t\ttrusted_proxies_strict"
    set_variables(stack.project, ADMIN_NETWORKS=f"{network['Gateway']}/32")  # this machine, as containers see it
    stack.up()
    eventually(it_answers)
    assert [here() for _ in range(6)] == [200] * 5 + [429]
    assert elsewhere() == 429
    assert here(path="/admin/") == 404
    with (
        changed(stack.project / "Caddyfile", lambda text: text.replace("servers {", f"servers {{{trust}")),
        changed(stack.project / "compose.production.yaml", lambda text: text.replace('PROXIES: "1"', 'PROXIES: "2"')),
    ):
        stack.compose("up", "--detach", "--wait")
        stack.compose("restart", "proxy")
        eventually(it_answers)
        assert [here() for _ in range(6)] == [200] * 5 + [429]
        assert here("X-Forwarded-For: 203.0.113.1") == 429  # whatever a client says of itself
        assert elsewhere() == 200
        assert here(path="/admin/") == 302
        assert elsewhere(path="/admin/") == 404
        assert elsewhere(f"X-Forwarded-For: {network['Gateway']}", path="/admin/") == 404
