"""Lists of the API are narrowed by what is asked for, at no cost where that is nothing."""

import django_filters
import pytest
from django.http import QueryDict

from config.filters import FilterSet
from users.models import User


class UserFilter(FilterSet):
    username = django_filters.CharFilter()
    date_joined = django_filters.DateFromToRangeFilter()


@pytest.mark.parametrize(
    ("query", "valid", "found"),
    [
        ("", True, 2),
        ("page_size=1", True, 2),
        ("username=ada", True, 1),
        ("date_joined_after=2100-01-01", True, 0),
        ("date_joined_after=tomorrow", False, 2),
    ],
)
def test_filters_that_are_asked_for_count(db: None, query: str, valid: bool, found: int) -> None:
    User.objects.bulk_create([User(username="ada"), User(username="grace")])
    users = UserFilter(QueryDict(query), User.objects.all())
    assert users.is_valid() is valid
    assert users.qs.count() == found
    assert ("form" in vars(users) or "_form" in vars(users)) is ("page" not in query and query != "")
