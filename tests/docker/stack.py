"""A generated project's services: how to start them, run commands in them and talk to them."""

import functools
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import time

import httpx
import pytest

from tests.docker import clock

SHARES = ("sh", "-c", "cat /proc/[0-9]*/smaps_rollup")
USER, PASSWORD = "ada", "correct horse battery"
# Compose prefers variables of the shell to those in .env, so the shell's stay outside.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name in {"HOME", "PATH"} or "DOCKER" in name}


def run(*command, check=True, timeout=300, cwd=None, **environment):
    """Run a command and return its result; where it fails, so does the test, with what the command said."""
    result = subprocess.run(
        command,
        cwd=cwd,
        env=ENVIRONMENT | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if check and result.returncode:
        pytest.fail(f"{' '.join(command)} ended with {result.returncode}:\n{result.stdout}\n{result.stderr}")
    return result


def megabytes(shares):
    """Return the memory of all processes of a container, from what SHARES prints there (PSS, proc(5))."""
    return sum(map(int, re.findall(r"^Pss:\s+(\d+) kB$", shares, re.MULTILINE))) / 1000


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(check, seconds=20):
    """Return what check() returns once that is true, trying again until it is; fail after so many seconds."""
    deadline = clock.now() + seconds
    while clock.now() < deadline:
        try:
            if outcome := check():
                return outcome
        except (httpx.TransportError, OSError):
            pass  # a server that starts again refuses connections for a moment
        time.sleep(0.25)
    return pytest.fail(f"This did not come true within {seconds} seconds: {check.__name__}")


def set_variables(project, **variables):
    """Put values into the project's .env, in place of those that are there."""
    path = project / ".env"
    lines = [line for line in path.read_text("utf-8").splitlines() if line.partition("=")[0] not in variables]
    path.write_text("\n".join([*lines, *(f"{name}={value}" for name, value in variables.items())]) + "\n", "utf-8")


def variables(project):
    """Return what the project's .env sets."""
    return dict(re.findall("^([A-Z_]+)=(.*)$", (project / ".env").read_text("utf-8"), re.MULTILINE))


class Stack:
    """A project's services for development, which answer on a port of their own."""

    file = "compose.yaml"

    def __init__(self, project):
        self.project = project
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        set_variables(project, PORT=self.port)

    def compose(self, *arguments, **options):
        return run("docker", "compose", "--file", self.file, *arguments, cwd=self.project, **options)

    def up(self, **environment):
        result = self.compose("up", "--build", "--detach", "--wait", check=False, timeout=600, **environment)
        if result.returncode:
            logs = self.compose("logs", "--no-color", check=False, **environment).stdout
            pytest.fail(f"docker compose up ended with {result.returncode}:\n{result.stderr}\n{logs}")

    def down(self, *arguments):
        self.compose("down", "--remove-orphans", "--timeout", "5", *arguments)

    def stop(self, service):
        """Stop a service, start it again, and return its exit code and the seconds that it took to stop."""
        start = clock.now()
        self.compose("stop", "--timeout", "40", service)
        took = clock.now() - start
        code = self.inspect(service)["State"]["ExitCode"]
        self.up()
        return code, took

    def execute(self, *command, service="web", options=(), check=True):
        """Run a command in a service that runs and return its result."""
        return self.compose("exec", "-T", *options, service, *command, check=check)

    def manage(self, *arguments, options=()):
        return self.execute("python", "manage.py", *arguments, options=options).stdout

    def add_user(self):
        """Add somebody who may do everything."""
        password = ("--env", f"DJANGO_SUPERUSER_PASSWORD={PASSWORD}")
        self.manage("createsuperuser", "--noinput", f"--username={USER}", "--email=ada@example.com", options=password)

    def states(self):
        """Return the services, with State, Health and ExitCode of each."""
        lines = self.compose("ps", "--all", "--format", "json").stdout.splitlines()
        return {service["Service"]: service for service in map(json.loads, lines)}

    def inspect(self, service):
        """Return what the engine knows about the service's container."""
        container = self.compose("ps", "--all", "--quiet", service).stdout.strip()
        return json.loads(run("docker", "inspect", container).stdout)[0]

    def client(self, **options):
        """Return a browser of its own, which knows nobody yet."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=20, **options)

    @functools.cached_property
    def token(self):
        with self.client() as client:
            response = client.post("/api/v1/auth/login/", json={"username": USER, "password": PASSWORD})
        assert response.status_code == 200, response.text
        return response.json()["token"]

    def user_client(self):
        """Return a client of the API that has logged in."""
        return self.client(headers={"Authorization": f"Bearer {self.token}"})

    def sign_in_to_admin(self, client):
        """Send the admin's login form as a browser does, and return the answer."""
        page = client.get("/admin/login/?next=/admin/")
        token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        form = {"csrfmiddlewaretoken": token, "username": USER, "password": PASSWORD, "next": "/admin/"}
        return client.post("/admin/login/", data=form, headers={"Origin": self.url, "Referer": str(page.url)})


class Production(Stack):
    """A project's services for production, which answer by HTTPS, and by HTTP with a redirection to there."""

    file = "compose.production.yaml"

    def __init__(self, project):
        self.project = project
        self.port, self.http_port = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        set_variables(project, HTTPS_PORT=self.port, HTTP_PORT=self.http_port)
        names = re.findall(r"file: ./secrets/(\w+)", (project / "compose.production.yaml").read_text("utf-8"))
        self.secrets = {name: secrets.token_urlsafe(50) for name in names}
        self.secrets["email_url"] = f"submission://user:{secrets.token_urlsafe(50)}@localhost:587"
        (project / "secrets").mkdir(mode=0o700, exist_ok=True)
        for name, text in self.secrets.items():
            (project / "secrets" / name).write_text(text, "utf-8")
            (project / "secrets" / name).chmod(0o644)

    @functools.cached_property
    def authority(self):
        """The certificate of the proxy's own authority, which it makes when it starts."""
        path = "/data/caddy/pki/authorities/local/root.crt"

        def certificate():
            return self.execute("cat", path, service="proxy", check=False).stdout

        return ssl.create_default_context(cadata=eventually(certificate))

    def client(self, **options):
        return super().client(verify=self.authority, **options)

    def up(self, **environment):
        super().up(**environment)
        self.wait_for_the_proxy()

    def wait_for_the_proxy(self):
        def the_proxy_answers():
            with self.client() as client:
                return client.get("/health/live")

        eventually(the_proxy_answers)
