"""What operators rely on for their data: whole backups, restored as they were, to this PostgreSQL or the next."""

import os
import re
import shutil
import sys
import time

import pytest

from tests.docker.conftest import running
from tests.docker.load import UNLIMITED, Load
from tests.docker.stack import Production, Stack, eventually, run, set_variables

BOOKS = 100_000
# Not that of root, so that what it is needed for shows.
OWNER = 12345 if os.getuid() == 0 else os.getuid()
# Makes a query for each table: its rows, and a checksum of them in a fixed order.
CHECKSUMS = """
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %I t', tablename, tablename)
FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename \\gexec
SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename;
"""


class Data(Production):
    """A project in production whose backups belong to somebody who is not root."""

    def __init__(self, project):
        super().__init__(project)
        self.backups = project / "backups"
        self.backups.mkdir(mode=0o700)
        set_variables(project, HOST_UID=OWNER, HOST_GID=OWNER, THROTTLE_USER=UNLIMITED, THROTTLE_ANON=UNLIMITED)
        if os.getuid() == 0:
            os.chown(self.backups, OWNER, OWNER)

    def backup(self):
        """Return the file of a new backup."""
        return self.project / self.compose("run", "--rm", "backup").stdout.strip()

    def restore(self, name="latest", check=True):
        """Restore a backup as the README says, and return what was said."""
        result = run("sh", "database.sh", "recover", name, cwd=self.project, check=check)
        self.wait_for_the_proxy()
        return result

    def sql(self, text):
        command = 'printf "%s\\n" "$1" | psql --username=app --no-align --tuples-only --set=ON_ERROR_STOP=1'
        return self.execute("sh", "-c", command, "sh", text, service="db").stdout

    def lose_everything(self):
        """Destroy the volumes, and start again without any data."""
        self.down("--volumes")
        self.__dict__.pop("authority", None)  # the proxy makes itself another one
        self.up()
        assert self.sql("SELECT count(*) FROM library_book") == "0\n"


@pytest.fixture(scope="module")
def stack(bake):
    with running(Data(bake(project_slug="data-production-test", python_version="3.13"))) as stack:
        stack.manage("seed", str(BOOKS))
        yield stack


@pytest.fixture(autouse=True)
def _backups_of_this_test_only(request):
    yield
    if "stack" in request.fixturenames:
        for path in request.getfixturevalue("stack").backups.iterdir():
            path.unlink()


def test_a_backup_under_load_has_all_that_was_there_when_it_began(stack):
    def rows():
        return {*stack.sql("SELECT t::text FROM library_book t").splitlines()}

    with Load(stack) as load:
        eventually(lambda: len(load.acknowledged) > 20)
        before = len(load.acknowledged)
        stack.backup()
        during = len(load.acknowledged) - before
    assert during > 0
    assert load.failures() == []
    live = rows()
    stack.lose_everything()
    stack.restore()
    restored = rows()
    assert restored <= live
    assert BOOKS + before <= len(restored) <= BOOKS + before + during
    assert {*load.acknowledged[:before]} <= {*stack.sql("SELECT isbn FROM library_book").split()}
    with Load(stack) as load:  # with the token of before, and numbers that are not taken
        eventually(lambda: load.acknowledged)
    assert load.failures() == []


def test_after_the_loss_of_all_volumes_every_table_is_restored_as_it_was(stack):
    before = stack.sql(CHECKSUMS)
    assert re.search(r"^library_book\|\d{6}\|[0-9a-f]{32}$", before, re.MULTILINE)
    stack.backup()
    stack.lose_everything()
    assert stack.sql(CHECKSUMS) != before
    stack.restore()
    assert stack.sql(CHECKSUMS) == before


def test_what_a_restore_replaces_is_kept_until_the_next_one(stack):
    backup = stack.backup()
    stack.manage("shell", "-c", "from users.models import User; User.objects.create_user('late')")
    assert "'replaced'" in stack.restore(f"backups/{backup.name}").stdout
    count = "SELECT count(*) FROM users_user WHERE username = 'late'"
    assert stack.sql(count) == "0\n"
    assert stack.sql(f"\\c replaced\n{count}").splitlines()[-1] == "1"


def test_nothing_is_restored_while_the_database_is_in_use(stack):
    stack.backup()
    with stack.user_client() as client:
        assert client.get("/api/v1/books/").status_code == 200
    result = stack.compose("run", "--rm", "restore", "latest", check=False)
    assert result.returncode == 1
    assert "The database is in use. Stop everything" in result.stderr


def test_a_damaged_backup_is_refused_and_one_that_breaks_off_changes_nothing(stack):
    backup = stack.backup()
    content = backup.read_bytes()
    before = stack.sql(CHECKSUMS)
    backup.write_bytes(content[:-1000])
    result = stack.restore(backup.name, check=False)
    assert result.returncode == 1
    assert "is damaged" in result.stderr
    (stack.backups / f"{backup.name}.sha256").unlink()
    assert "copy that, too" in stack.restore(backup.name, check=False).stderr
    backup.chmod(0)
    assert f"cannot read backups/{backup.name}: sudo chown" in stack.restore(backup.name, check=False).stderr
    backup.chmod(0o600)
    # With a checksum that is right, it is restored up to where it breaks off.
    digest = run("sha256sum", backup.name, cwd=stack.backups).stdout
    (stack.backups / f"{backup.name}.sha256").write_text(digest)
    result = stack.restore(backup.name, check=False)
    assert result.returncode != 0
    assert stack.sql(CHECKSUMS) == before


def test_a_restore_needs_a_backup_that_is_there(stack):
    backup = stack.backup()
    result = stack.restore("yesterday", check=False)
    assert result.returncode == 1
    assert "Say which backup to restore: latest, or one of these." in result.stderr
    assert backup.name in result.stderr


def test_a_backup_that_is_killed_leaves_none_and_the_next_one_clears_up(stack):
    first = stack.backup()
    stack.compose(
        "exec", "--detach", "db", "psql", "--username=app", "--command", "LOCK users_user; SELECT pg_sleep(60)"
    )
    container = stack.compose("run", "--rm", "--detach", "backup").stdout.strip()
    eventually((stack.backups / ".new").exists)
    waiting = stack.compose("run", "--rm", "backup", check=False)
    assert "Another backup or restore is at work" in waiting.stderr
    run("docker", "kill", container)
    stack.compose("restart", "db")
    assert [path.name for path in stack.backups.glob("*.dump")] == [first.name]
    second = stack.backup()
    assert sorted(path.name for path in stack.backups.iterdir()) == sorted(
        [".lock", first.name, f"{first.name}.sha256", second.name, f"{second.name}.sha256"]
    )


def test_so_many_backups_are_kept_as_the_environment_says(stack):
    set_variables(stack.project, BACKUP_KEEP=2)
    made = [stack.backup() for _ in range(3)]
    assert sorted(stack.backups.glob("*.dump")) == made[1:]
    assert len([*stack.backups.glob("*.sha256")]) == 2
    set_variables(stack.project, BACKUP_KEEP=0)
    result = stack.compose("run", "--rm", "backup", check=False)
    assert "BACKUP_KEEP is '0'" in result.stderr
    set_variables(stack.project, BACKUP_KEEP=14)


def test_a_backup_is_for_its_owner_only_and_made_without_rights(stack):
    backup = stack.backup()
    assert (backup.stat().st_uid, backup.stat().st_mode & 0o777) == (OWNER, 0o600)
    status = stack.compose("run", "--rm", "--entrypoint", "cat /proc/self/status", "backup").stdout
    assert re.search(rf"^Uid:(\s+{OWNER}){{4}}$", status, re.MULTILINE)
    assert {int(value, 16) for value in re.findall(r"^Cap(?:Prm|Eff|Bnd):\s+(\w+)", status, re.MULTILINE)} == {0}
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    written = stack.compose("run", "--rm", "--entrypoint", "touch /made-here", "backup", check=False)
    assert "Read-only file system" in written.stderr


def test_a_folder_that_cannot_be_written_is_named_with_the_command_that_mends_it(stack):
    set_variables(stack.project, HOST_UID=OWNER + 1)
    stack.backups.chmod(0o755)
    result = stack.compose("run", "--rm", "backup", check=False)
    set_variables(stack.project, HOST_UID=OWNER)
    assert f"sudo chown {OWNER + 1} backups" in result.stderr


def test_one_line_has_backups_made_by_themselves(stack):
    def is_healthy():
        return stack.states()["scheduled-backup"]["Health"] == "healthy"

    def there_is_another_one():
        return len([*stack.backups.glob("*.dump")]) == 2

    set_variables(stack.project, COMPOSE_PROFILES="scheduled-backup")
    try:
        stack.up()
        assert is_healthy()
        (first,) = stack.backups.glob("*.dump")
        os.utime(first, (0, time.time() - 25 * 3600))
        late = stack.execute("sh", "/database.sh", "fresh", "1500", service="scheduled-backup", check=False)
        assert late.returncode == 1
        eventually(there_is_another_one, seconds=90)
        eventually(is_healthy)
        assert stack.stop("scheduled-backup")[1] < 5
    finally:
        stack.compose("rm", "--stop", "--force", "scheduled-backup")
        set_variables(stack.project, COMPOSE_PROFILES="")


def mend(stack, password):
    """Tell PostgreSQL the password, by the command of the message."""
    command = f"printf '{password}\\n{password}\\n' | psql --username=app --command='\\password'"
    stack.execute("sh", "-c", command, service="db")


def test_another_password_than_the_volumes_is_explained_in_production(stack):
    secret = stack.project / "secrets/database_password"
    secret.write_text("another password")
    result = stack.compose("up", "--detach", "--wait", "--force-recreate", check=False)
    assert 'service "migrate" didn\'t complete successfully' in result.stderr
    said = stack.compose("logs", "--no-color", "migrate").stdout
    assert "PostgreSQL refuses the password." in said
    assert "docker compose --file compose.production.yaml exec db psql --username=app --command='\\password'" in said
    assert "--volumes" not in said
    mend(stack, "another password")
    stack.up()
    assert stack.sql("SELECT count(*) >= 100000 FROM library_book") == "t\n"


def test_secrets_that_change_are_read_at_a_restart(stack):
    """As the README says; the files are replaced, as editors do it, and not written over."""
    stack.sql("ALTER USER app PASSWORD 'a new password'")
    for name, text in {"database_password": "a new password", "email_url": "smtp://mail.example.com:25"}.items():
        file = stack.project / "secrets" / name
        file.with_suffix(".new").write_text(text)
        file.with_suffix(".new").rename(file)
    stack.compose("restart")
    stack.wait_for_the_proxy()
    with stack.client() as client:
        eventually(lambda: client.get("/health/ready").status_code == 200)
    told = "from config.settings import MAILERS; print(MAILERS['default']['OPTIONS']['host'])"
    assert stack.manage("shell", "--no-imports", "--command", told) == "mail.example.com\n"


def test_another_password_than_the_volumes_is_explained_in_development(bake):
    project = bake(project_slug="data-development-test", library=False, python_version="3.13")
    with running(Stack(project)) as stack:
        set_variables(project, POSTGRES_PASSWORD="another-password")
        result = stack.compose("up", "--detach", "--wait", check=False)
        assert result.returncode != 0
        said = stack.compose("logs", "--no-color", "migrate").stdout
        assert "docker compose exec db psql --username=app --command='\\password'" in said
        mend(stack, "another-password")
        stack.up()
        assert stack.manage("shell", "-c", "from users.models import User; print(User.objects.get())").endswith("ada\n")


def test_another_version_of_postgresql_takes_over_the_data_by_one_command(bake):
    if run("docker", "image", "inspect", "postgres:17", check=False).returncode:
        run("docker", "pull", "postgres:17")
    data = Data(bake(project_slug="data-upgrade-test", python_version="3.13"))
    set_variables(data.project, POSTGRES_VERSION=17)
    with running(data) as stack:
        stack.manage("seed", str(BOOKS))
        before = stack.sql(CHECKSUMS)
        assert stack.sql("SHOW server_version").startswith("17")
        run(shutil.which("sh"), "database.sh", "upgrade", "18", cwd=stack.project)
        assert stack.sql("SHOW server_version").startswith("18")
        assert stack.sql(CHECKSUMS) == before
        with stack.user_client() as client:
            assert client.get("/api/v1/users/me/").status_code == 200
        # The way back, as long as the old version's folder is there.
        set_variables(stack.project, POSTGRES_VERSION=17)
        stack.up()
        assert stack.sql(CHECKSUMS) == before


def test_an_upgrade_that_fails_leaves_the_old_version_to_start_again(stack):
    before = stack.sql(CHECKSUMS)
    result = run("sh", "database.sh", "upgrade", "99", cwd=stack.project, check=False)
    assert result.returncode != 0
    assert "All data is in the old version still" in result.stderr
    stack.up()
    assert stack.sql(CHECKSUMS) == before


def test_the_doctor_finds_a_running_server_in_order_but_for_its_name(stack):
    def doctor():
        result = run(sys.executable, "doctor.py", "--production", cwd=stack.project, check=False, SSL_CERT_FILE=trusted)
        assert result.returncode == 1  # localhost is not a name for a server
        return result.stdout

    authority = stack.execute("cat", "/data/caddy/pki/authorities/local/root.crt", service="proxy").stdout
    trusted = stack.project / "authority.crt"
    trusted.write_text(authority)
    stack.backup()
    said = doctor()
    assert "ok     The project answers by HTTPS, with a certificate that is renewed in time" in said
    assert "ok     The last backup of the database is as young as it should be." in said
    assert "wrong  .env: DOMAIN is localhost" in said
    stack.sql("UPDATE django_migrations SET app = 'gone' WHERE app = 'library'")
    try:
        assert "migrations are pending" in doctor()
    finally:
        stack.sql("UPDATE django_migrations SET app = 'library' WHERE app = 'gone'")
