"""Lists of the API are narrowed by what is asked for, at no cost where that is nothing."""

from typing import Any

import django_filters
import pytest
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from config.filters import FilterSet, SearchFilter
from users.models import User

made: list[str] = []


class UserFilter(FilterSet):
    username = django_filters.CharFilter()
    date_joined = django_filters.DateFromToRangeFilter()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        made.append("a filter set")
        super().__init__(*arguments, **options)


class NewUserFilter(FilterSet):
    @property
    def qs(self) -> Any:
        return super().qs.filter(last_login=None)


class UserList(ListAPIView):
    queryset = User.objects.all()
    filterset_class = UserFilter


def count(query: str) -> int:
    """Return how many users the list has."""
    view = UserList()
    view.request = Request(APIRequestFactory().get(f"/?{query}"))
    return view.filter_queryset(view.get_queryset()).count()


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 2), ("page_size=1", 2), ("username=ada", 1), ("date_joined_after=2100-01-01", 0)],
)
def test_filters_that_are_asked_for_count(db: None, query: str, found: int) -> None:
    User.objects.bulk_create([User(username="ada"), User(username="grace")])
    made.clear()
    assert count(query) == found
    assert bool(made) is ("page" not in query and query != "")


def test_a_filter_set_that_narrows_every_list_does(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.bulk_create([User(username="ada"), User(username="grace", last_login=timezone.now())])
    monkeypatch.setattr(UserList, "filterset_class", NewUserFilter)
    assert count("") == 1


def test_what_cannot_be_a_filter_is_refused(db: None) -> None:
    with pytest.raises(ValidationError, match="Enter a valid date"):
        count("date_joined_after=tomorrow")


@pytest.mark.parametrize("fields", [(), ("username",)])
def test_a_search_is_offered_where_there_is_something_to_search(fields: tuple[str, ...]) -> None:
    view = type("UserSearch", (UserList,), {"search_fields": fields})()
    assert bool(SearchFilter().get_schema_operation_parameters(view)) is bool(fields)
