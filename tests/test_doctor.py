"""What the hook checks: each check refuses a project that has the fault that it looks for."""

import importlib.util
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

from tests import TEMPLATE, cookiecutter
from tests.faults import FAULTS, FAULTS_OF_PROJECTS, ORDINARY, breach
from tests.mutation import BEHAVIOUR, refusal


def load(project):
    """Return the doctor of that project, as a module."""
    specification = importlib.util.spec_from_file_location("doctor", project / "doctor.py")
    doctor = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(doctor)
    return doctor


def test_nothing_is_wrong_with_a_project_as_generated(bake):
    assert load(bake()).problems(bake()) == []


def label(fault):
    return f"{fault[0]}-{fault[1]}-{fault[4]}"


@pytest.mark.parametrize("fault", [fault for fault in FAULTS + FAULTS_OF_PROJECTS if fault[0] != "hook"], ids=label)
def test_a_fault_is_found_and_named(bake, tmp_path, fault):
    check, file, old, new, problem = fault
    project = shutil.copytree(bake(), tmp_path / "project")
    breach(project / file, old, new)
    doctor = load(project)
    assert [said for said in getattr(doctor, check)(project) if problem in said]
    assert [said for said in doctor.problems(project) if problem in said]


def test_every_check_has_a_fault_that_it_finds(bake):
    doctor = load(bake())
    assert {check.__name__ for check in doctor.CHECKS} - {"lock_hash"} == {fault[0] for fault in FAULTS} - {"hook"}


def test_a_lock_of_another_pipfile_is_named(copy):
    breach(copy / "Pipfile", "verify_ssl = true", "verify_ssl = false")
    assert load(copy).problems(copy) == ["Pipfile.lock: was not made from this Pipfile; run `pipenv lock`."]


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault[0] == "hook"], ids=label)
def test_what_only_a_template_gets_wrong_is_found_by_the_hook(fault):
    assert fault[4] in refusal(fault)


def test_the_table_of_mutations_is_of_these_faults(bake):
    text = (TEMPLATE / "docs/mutations.md").read_text("utf-8")
    caught, total = map(int, re.search(r"refuses (\d+) of (\d+) single faults", text).groups())
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == total == len(FAULTS + BEHAVIOUR)
    assert "**nothing**" not in text
    assert caught / total >= 0.95
    for owner, file, name in re.findall(r"(the project's )?(tests/[\w/]+\.py)::(\w+)", text):
        assert f"def {name}(" in ((bake() if owner else TEMPLATE) / file).read_text("utf-8")


def test_a_link_that_leads_nowhere_is_named(copy):
    (copy / "x.py").symlink_to("nowhere")
    assert [said.split(":")[0] for said in load(copy).problems(copy)] == ["x.py"]


def test_a_file_in_another_encoding_is_named(copy):
    with (copy / "Caddyfile").open("ab") as file:
        file.write("# für".encode("latin-1"))
    [said] = load(copy).problems(copy)
    assert said.startswith("Caddyfile: does not parse: 'utf-8' codec can't decode byte 0xfc")


@pytest.mark.parametrize("changes", ORDINARY.values(), ids=ORDINARY)
def test_what_owners_write_is_no_fault(copy, changes):
    doctor = load(copy)
    for file, old, new in changes:
        breach(copy / file, old, new)
    if any(file == "Pipfile.lock" for file, _, _ in changes):
        lock = json.loads((copy / "Pipfile.lock").read_text())
        lock["_meta"]["hash"]["sha256"] = pipenv_hash(copy)
        (copy / "Pipfile.lock").write_text(json.dumps(lock))
    assert doctor.problems(copy) == []


def pipenv_hash(project):
    """Return the hash of the Pipfile, as Pipenv itself reckons it."""
    script = "from pipenv.project import Project; print(Project().pipfile.calculate_hash())"
    environment = {**os.environ, "PIPENV_PIPFILE": str(project / "Pipfile")}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()


def test_its_owner_can_run_the_checks_again(bake, tmp_path):
    project = shutil.copytree(bake(), tmp_path / "project")
    command = [sys.executable, "doctor.py", "--files"]
    result = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    assert result.returncode == 0
    assert all(line.startswith("ok     ") for line in result.stdout.splitlines())
    breach(project / "Dockerfile", "USER 10001:10001\n", "")
    result = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert [line for line in result.stdout.splitlines() if line.startswith("wrong  Dockerfile: the last stage")]


def machine(project, *, path=None, **variables):
    """Return what is said of the machine, with only these programs on PATH and these variables in .env."""
    text = (project / ".env").read_text()
    for name, value in variables.items():
        text = re.sub(f"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
    (project / ".env").write_text(text)
    command = [sys.executable, "doctor.py"]
    environment = {**os.environ, "PATH": str(path or project)}
    result = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True, env=environment)
    return [line for line in result.stdout.splitlines() if line.startswith("wrong")]


@pytest.fixture
def copy(bake, tmp_path):
    return shutil.copytree(bake(), tmp_path / "project")


@pytest.fixture
def docker(tmp_path):
    """Return a function that makes a program called docker, which says this; its folder is all of PATH."""

    def program(script):
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/docker").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin/docker").chmod(0o755)
        return tmp_path / "bin"

    return program


def test_a_missing_docker_is_named_with_a_way_out(copy):
    assert machine(copy, PORT=1)[0].startswith("wrong  Docker is not installed: docs.docker.com/engine/install.")


def test_an_engine_that_does_not_answer_is_named(copy, docker):
    said = machine(copy, path=docker("echo Cannot connect to the daemon >&2; exit 1"), PORT=1)
    assert said[0] == "wrong  Docker does not answer: Cannot connect to the daemon"


def test_an_old_docker_is_named(copy, docker):
    says = 'case $1 in info) echo "Server:"; echo " Server Version: 24.0.7";; *) echo "version v2.20.1";; esac'
    said = machine(copy, path=docker(says), PORT=1)
    assert said[0] == "wrong  Docker is 24.0; the Compose files need 25.0 or newer."
    assert said[1] == "wrong  Docker Compose is 2.20; the Compose files need 2.26 or newer."


def test_a_port_that_somebody_else_has_is_named(copy):
    with socket.create_server(("127.0.0.1", 0)) as other:

        def hang_up():
            other.accept()[0].close()

        threading.Thread(target=hang_up).start()
        number = other.getsockname()[1]
        assert f"wrong  .env: something else answers at port {number}; set PORT to another one." in machine(
            copy, PORT=number
        )


def test_an_environment_that_is_not_filled_in_is_named(copy):
    assert "wrong  .env: SECRET_KEY is still change-me" in "".join(machine(copy, PORT=1, SECRET_KEY="change-me"))
    (copy / ".env").write_text("PORT=1\n")
    assert "wrong  .env: POSTGRES_PASSWORD is missing" in "".join(machine(copy))
    (copy / ".env").write_text("")
    assert "wrong  .env: is not there" in "".join(machine(copy))


@pytest.fixture
def server(copy):
    """Return a project as it is on a server, with its secrets and a backup, but nothing that answers."""
    for folder in ("secrets", "backups"):
        (copy / folder).mkdir(mode=0o700)
    for name in ("secret_key", "database_password", "email_url"):
        (copy / "secrets" / name).write_text(secrets.token_urlsafe(48))
    (copy / "backups/now.dump").touch()
    with (copy / ".env").open("a") as env:
        env.write("DOMAIN=127.0.0.1\nHTTPS_PORT=1\n")
    return copy


def in_production(project, check):
    """Return what that check of the project's doctor says of the server."""
    return list(getattr(load(project), check)(project))


def test_nothing_is_wrong_with_a_server_in_order(server, monkeypatch):
    for check in ("secret_files", "domain", "backup_age"):
        assert in_production(server, check) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(total=100, free=11))
    assert in_production(server, "disk_space") == []


def test_a_disk_that_fills_up_is_named(server, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(total=100e9, free=2e9))
    assert "its disk has 2.0 GB left" in in_production(server, "disk_space")[0]


def test_a_secret_may_be_an_empty_line_on_purpose(server):
    (server / "secrets/email_url").write_text("\n")
    assert in_production(server, "secret_files") == []


def test_a_secret_that_containers_cannot_read_is_named(server):
    (server / "secrets/secret_key").chmod(0o600)
    assert in_production(server, "secret_files") == [
        "secrets/secret_key: containers, which have users of their own, cannot read it; `chmod 644 secrets/secret_key`."
    ]


def test_a_weak_a_missing_and_an_open_secret_are_named(server):
    (server / "secrets/secret_key").write_text("ab" * 40)
    (server / "secrets/database_password").unlink()
    (server / "secrets/email_url").write_text("")
    (server / "secrets").chmod(0o755)
    said = "\n".join(in_production(server, "secret_files"))
    assert "secrets/secret_key: is easy to guess; make a longer one" in said
    assert "secrets/database_password: is missing or empty" in said
    assert "secrets/email_url: is missing or empty" in said
    assert "secrets: other people of the machine can look into the folder; `chmod 700 secrets`." in said


@pytest.mark.parametrize(("domain", "said"), [("localhost", "is localhost; set it"), ("a.invalid", "is not found")])
def test_a_name_that_leads_nowhere_is_named(server, domain, said):
    breach(server / ".env", "DOMAIN=127.0.0.1", f"DOMAIN={domain}")
    assert said in in_production(server, "domain")[0]


def test_a_project_that_does_not_answer_is_named(server):
    assert "https://127.0.0.1:1 does not answer: " in in_production(server, "answers")[0]


def test_a_missing_and_an_old_backup_are_named(server):
    os.utime(server / "backups/now.dump", (0, time.time() - 30 * 3600))
    assert "backups: the last one is 30 hours old" in in_production(server, "backup_age")[0]
    (server / "backups/now.dump").unlink()
    assert "backups: there is none" in in_production(server, "backup_age")[0]


def test_a_certificate_that_ends_soon_or_that_nobody_trusts_is_named(server, monkeypatch):
    """As one that nobody renews: of its day, a tenth is left when the doctor looks."""
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 1"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", *make.split(), *names], cwd=server, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server / "cert.pem", server / "key.pem")

    def answer():
        with suppress(ssl.SSLError), context.wrap_socket(listener.accept()[0], server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(b'HTTP/1.0 200 OK\r\n\r\n{"status": "ok"}')

    with socket.create_server(("127.0.0.1", 0)) as listener:
        breach(server / ".env", "HTTPS_PORT=1", f"HTTPS_PORT={listener.getsockname()[1]}")
        for passed, trusted, problem in (
            (0, "", " has a certificate that nobody trusts (self-signed certificate); see the log of proxy."),
            (0, "cert.pem", ""),
            (0.9 * 24 * 3600, "cert.pem", " has a certificate that ends "),
        ):
            later = time.time() + passed
            monkeypatch.setattr(time, "time", lambda later=later: later)
            monkeypatch.setenv("SSL_CERT_FILE", str(server / trusted) if trusted else os.devnull)
            thread = threading.Thread(target=answer)
            thread.start()
            said = in_production(server, "answers")
            thread.join()
            assert len(said) == bool(problem), said
            assert problem in "".join(said)


def test_an_environment_is_read_as_compose_reads_it(server):
    (server / ".env").write_text("A=\"api.example.com\"\nB='b' # why\nC=12 # twice a day\nD=a#b\nE=\nF=#not me\n")
    found = load(server).environment(server)
    assert found == {"A": "api.example.com", "B": "b", "C": "12", "D": "a#b", "E": "", "F": "#not me"}


def test_what_a_check_cannot_read_is_a_problem_and_no_traceback(server):
    with (server / ".env").open("a") as env:
        env.write("BACKUP_HOURS=daily\n")
    command = [sys.executable, "doctor.py", "--production"]
    result = subprocess.run(command, cwd=server, check=False, capture_output=True, text=True, env={"PATH": ""})
    assert (result.returncode, result.stderr) == (1, "")
    assert "wrong  It cannot be seen whether this holds (invalid literal for int()" in result.stdout
    assert "'daily'): The last backup of the database is as young as it should be." in result.stdout


def test_the_disk_is_the_one_that_docker_keeps_its_data_on(server, monkeypatch, docker, tmp_path):
    monkeypatch.setenv("PATH", str(docker(f"""echo '{{"DockerRootDir": "{tmp_path}"}}'""")))
    assert load(server).docker_folder() == tmp_path


def test_a_server_is_looked_at_without_any_package(server):
    (server / "yaml.py").write_text("raise ImportError")
    command = [sys.executable, "doctor.py", "--production"]
    result = subprocess.run(command, cwd=server, check=False, capture_output=True, text=True, env={"PATH": ""})
    assert (result.returncode, result.stderr) == (1, "")
    assert "ok     Every secret is there, hard to guess, and closed to other people of the machine." in result.stdout


def test_a_broken_template_leaves_a_list_of_problems_and_nothing_else(tmp_path):
    template = tmp_path / "drf-docker"
    shutil.copytree(TEMPLATE, template, ignore=shutil.ignore_patterns(".git", ".venv", ".cache"))
    inner = template / "{{cookiecutter.project_slug}}"
    breach(inner / "Dockerfile", "USER 10001:10001\n", "")
    breach(inner / "features/library/settings.py.local_apps", '"library"', '"biblioteca"')
    (tmp_path / "out").mkdir()
    result = cookiecutter("--no-input", "--output-dir", tmp_path / "out", template=template, home=tmp_path)
    assert result.returncode == 1
    assert "Dockerfile: the last stage ends as root" in result.stderr
    assert "biblioteca in LOCAL_APPS is not a folder of the project" in result.stderr
    assert not list((tmp_path / "out").iterdir())
