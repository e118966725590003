"""The pages of a list follow each other, in every order, to and fro."""

import base64
from collections.abc import Callable, Iterator
from itertools import count
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from config.pagination import CursorPagination, OrderingFilter
from users.models import User
from users.serializers import UserSerializer

Get = Callable[[str], Response]


class UserList(ListAPIView):
    """A list such as an app of one's own may have."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    permission_classes = (AllowAny,)
    throttle_classes = ()
    ordering_fields = ("id", "first_name", "last_name", "date_joined")


class FixedSerializer(UserSerializer):
    fixed_fields = True


@pytest.fixture(params=[UserSerializer, FixedSerializer])
def get(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Get:
    """Return a function that returns the answer to a GET request."""
    monkeypatch.setattr(UserList, "serializer_class", request.param)
    return lambda path: UserList.as_view()(APIRequestFactory().get(path))


@pytest.fixture
def users(db: None) -> list[User]:
    """More people with one first name than DRF's own cursor can count."""
    names = [(f"{number:04}", "Ada", f"Of {number % 7}") for number in range(1_100)]
    people = [User(username=number, first_name=first, last_name=last) for number, first, last in names]
    return User.objects.bulk_create(people)


def walk(get: Get, path: str, direction: str) -> Iterator[dict[str, Any]]:
    """Yield a page, and those that follow it in a direction (`next` or `previous`)."""
    for page in count(1):
        assert page < 20, "The pages have no end."
        data = get(path).data
        yield data
        if not (path := data[direction]):
            return


@pytest.mark.parametrize("ordering", ["-id", "first_name", "-first_name", "-date_joined", "first_name,-last_name"])
def test_everybody_is_on_one_page_in_the_order_asked_for_to_and_fro(get: Get, users: list[User], ordering: str) -> None:
    *_, last = names = ordering.split(",")
    in_order = users[::-1] if last.startswith("-") else users
    for name in reversed(names):
        in_order = sorted(in_order, key=attrgetter(name.lstrip("-")), reverse=name.startswith("-"))
    forwards = list(walk(get, f"/?ordering={ordering}&page_size=200", "next"))
    assert [found["id"] for page in forwards for found in page["results"]] == [user.pk for user in in_order]
    backwards = list(walk(get, forwards[-1]["previous"], "previous"))
    assert [page["results"] for page in backwards] == [page["results"] for page in forwards[-2::-1]]


def test_a_page_that_has_become_empty_leads_back(get: Get, users: list[User]) -> None:
    path = get("/?ordering=id&page_size=200").data["next"]
    User.objects.filter(pk__in=[user.pk for user in users[200:]]).delete()
    page = get(path).data
    assert (page["results"], page["next"]) == ([], None)
    assert len(get(page["previous"]).data["results"]) == 199


@pytest.mark.parametrize("forged", ["p=x", "p=1&r=x", "p=", "p=A%00B", "p=A%001%001"])
@pytest.mark.parametrize("ordering", ["id", "first_name"])
def test_a_cursor_that_leads_nowhere_is_not_found(get: Get, db: None, ordering: str, forged: str) -> None:
    assert get(f"/?ordering={ordering}&cursor={encoded(forged)}").status_code == 404


def test_a_number_beyond_all_that_the_database_has_is_no_failure(get: Get, db: None) -> None:
    assert get(f"/?cursor={encoded('p=' + '9' * 30)}").status_code in {200, 404}


@pytest.mark.parametrize("link", ["next", "previous"])
def test_the_link_that_the_schema_shows_leads_to_a_page(get: Get, db: None, link: str) -> None:
    shown = CursorPagination().get_paginated_response_schema({})["properties"][link]["example"]
    assert get(f"/?{urlsplit(shown).query}").status_code == 200


def test_an_order_in_which_not_each_row_has_a_place_is_refused(
    get: Get, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UserList, "ordering_fields", ("last_login",))
    with pytest.raises(ImproperlyConfigured, match="UserList cannot order by last_login"):
        get("/?ordering=-last_login")


def test_a_foreign_key_is_ordered_by_itself_whatever_order_there_is_where_it_leads(
    get: Get, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    permissions = list(Permission.objects.order_by("content_type_id", "id"))
    monkeypatch.setattr(UserList, "queryset", Permission.objects.all())
    monkeypatch.setattr(UserList, "serializer_class", PermissionSerializer)
    monkeypatch.setattr(UserList, "ordering_fields", None)
    monkeypatch.setattr(ContentType._meta, "ordering", ["-model"])  # noqa: SLF001 - Django documents it
    pages = walk(get, "/?ordering=content_type&page_size=20", "next")
    assert [found["id"] for page in pages for found in page["results"]] == [each.pk for each in permissions]


class PermissionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Permission
        fields = ("id", "content_type")


class NameSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="get_full_name")

    class Meta:
        model = User
        fields = ("id", "username", "last_login", "name")


def test_a_list_that_names_no_fields_is_ordered_by_those_in_which_each_row_has_a_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(UserList, "ordering_fields", None)
    monkeypatch.setattr(UserList, "serializer_class", NameSerializer)
    fields = OrderingFilter().get_default_valid_fields(UserList.queryset, UserList())
    assert [name for name, _ in fields] == ["id", "username"]


def encoded(cursor: str) -> str:
    return base64.b64encode(cursor.encode()).decode()
