"""The API is what its schema says, and the schema is what was agreed on."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from knox.models import AuthToken
from schemathesis.core.errors import NoLinksFound

from config.wsgi import application
from users.models import User

schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
# What no schema says: whether a request is right depends on the data too, and DRF takes a number for a text.
schema.config.checks.update(excluded_check_names=["positive_data_acceptance", "negative_data_rejection"])
# In a sequence, it takes the token that the test adds for one that it made up itself.
schema.config.phases.stateful.checks.update(excluded_check_names=["ignored_auth"])
# Few, for speed: before a release, try more.
few = hypothesis_settings(max_examples=3, stateful_step_count=6, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the connection, in whose transaction a test runs, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def authorization(user: User) -> dict[str, str]:
    _, token = AuthToken.objects.create(user)
    return {"Authorization": f"Bearer {token}"}


def test_the_committed_schema_is_that_of_the_code(tmp_path: Path) -> None:
    """Clients are made from `openapi.yaml`. Without it, it is written; `pipenv run schema` writes it anew."""
    committed, fresh = settings.BASE_DIR / "openapi.yaml", tmp_path / "openapi.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(fresh))
    if not committed.exists():
        committed.write_text(fresh.read_text("utf-8"), "utf-8")
    assert committed.read_text("utf-8") == fresh.read_text("utf-8"), "Run `pipenv run schema`, and commit the file."


@schema.parametrize()
@few
def test_each_operation_keeps_to_the_schema(case: schemathesis.Case, authorization: dict[str, str]) -> None:
    case.call_and_validate(headers=authorization)


@pytest.mark.django_db
def test_operations_keep_to_the_schema_one_after_another(authorization: dict[str, str]) -> None:
    class Sequences(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": authorization}

    # There is no sequence where nothing that one operation makes is what another reads.
    with contextlib.suppress(NoLinksFound):
        Sequences.run(settings=few)
