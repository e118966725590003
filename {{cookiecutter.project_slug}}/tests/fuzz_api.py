"""The API does what its schema says, whatever is sent to it: `pipenv run fuzz`, apart from the tests, which are quick.

Schemathesis tries the schema's examples, the limits of what it allows, what lies within and beyond them, and sequences
of operations. A failure comes with the request that shows it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from knox.models import AuthToken
from schemathesis.core.errors import NoLinksFound

from config.wsgi import application
from users.models import User

schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
# No schema can say whether a request is valid: that depends on the data too, and DRF takes a number for a text.
schema.config.checks.update(excluded_check_names=["positive_data_acceptance", "negative_data_rejection"])
# In a sequence, Schemathesis takes the test's token for one that it made up itself.
schema.config.phases.stateful.checks.update(excluded_check_names=["ignored_auth"])
thoroughly = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the connection that has the test's transaction open, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def authorization(user: User) -> dict[str, str]:
    _, token = AuthToken.objects.create(user)
    return {"Authorization": f"Bearer {token}"}


@schema.parametrize()
@thoroughly
def test_each_operation_keeps_to_the_schema(case: schemathesis.Case, authorization: dict[str, str]) -> None:
    case.call_and_validate(headers=authorization)


@pytest.mark.django_db
def test_operations_keep_to_the_schema_one_after_another(authorization: dict[str, str]) -> None:
    class Sequences(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": authorization}

        def setup(self) -> None:
            """Begin each sequence with the same data."""
            cache.clear()
            self.before = transaction.savepoint_create()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.before)

    try:
        Sequences.run(settings=thoroughly)
    except NoLinksFound:  # expected where no operation reads what another makes
        assert not any("{" in path for path in schema.raw_schema["paths"])
