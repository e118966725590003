"""How lists of the API and of the admin are split into pages."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.paginator import Paginator
from django.db.models import F, Model, Q, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.utils.functional import cached_property
from rest_framework import filters, pagination
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from config.serializers import rows


class CappedPaginator(Paginator):
    """Pages of only the first 2,000 rows, for the admin: counting a million takes longer than all else.

    Search finds the others.
    """

    @cached_property
    def count(self) -> int:
        found: Any = self.object_list
        return int(found[:2_000].count())


class CursorPagination(pagination.CursorPagination):
    """Pages that cost the same, first or deep: a cursor is a place in an index, not a number of rows to skip.

    The place is a row's values of every field in the ordering, and of the primary key; DRF's own class uses only the
    first field, and goes round in circles where a thousand rows share a value. An index on the field and the key
    serves it. Raises ImproperlyConfigured for a field that may be null: null has no place in an order.
    """

    ordering: str | list[str] | tuple[str, ...] = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_ordering(self, request: Request, queryset: QuerySet, view: APIView) -> tuple[str, ...]:
        ordering = super().get_ordering(request, queryset, view)
        for name in ordering:
            if not column(queryset.model, name):
                raise ImproperlyConfigured(
                    f"{type(view).__name__} cannot order by {name.lstrip('-')}: pages need fields of "
                    f"{queryset.model.__name__} itself that are never null. Name such ones alone in ordering_fields."
                )
        ordering = tuple(column(queryset.model, name) for name in ordering)
        key = queryset.model._meta.pk.attname  # noqa: SLF001 - Django documents it
        if key in {name.lstrip("-") for name in ordering}:
            return ordering
        return *ordering, f"-{key}" if ordering[-1].startswith("-") else key

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.base_url = request.build_absolute_uri()
        self.ordering = fields = self.get_ordering(request, queryset, view)
        self.cursor = self.decode_cursor(request)
        cursor: Any = self.cursor or pagination.Cursor(0, reverse=False, position=None)
        if cursor.reverse:
            fields = tuple(name[1:] if name.startswith("-") else f"-{name}" for name in fields)
        size = self.get_page_size(request) or self.page_size
        try:
            if cursor.position is not None:
                queryset = queryset.filter(beyond(fields, values(queryset.model, fields, cursor.position)))
            names = (name.lstrip("-") for name in fields)
            found = list(rows(queryset.order_by(*fields)[: size + 1], view, *names))
        except (OverflowError, ValidationError) as error:  # only a forged cursor leads there
            raise NotFound(self.invalid_cursor_message) from error
        self.page = found[:size][:: -1 if cursor.reverse else 1]
        around = len(found) > size, cursor.position is not None
        self.has_next, self.has_previous = reversed(around) if cursor.reverse else around
        self.display_page_controls = self.has_next or self.has_previous
        return self.page

    def get_next_link(self) -> str | None:
        return self.link(-1, reverse=False) if self.has_next else None

    def get_previous_link(self) -> str | None:
        return self.link(0, reverse=True) if self.has_previous else None

    def link(self, index: int, *, reverse: bool) -> str:
        """Return the URL of the page beyond this page's row at `index` or, if this page is empty, beyond its cursor."""
        position: Any = self.cursor and self.cursor.position
        if self.page:
            row, names = self.page[index], (name.lstrip("-") for name in self.ordering)
            read = row.get if isinstance(row, dict) else row.serializable_value
            # No text has a NUL in it: neither DRF nor PostgreSQL takes one.
            position = "\0".join(str(read(name)) for name in names)
        return self.encode_cursor(pagination.Cursor(0, reverse, position))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        paginated = super().get_paginated_response_schema(schema)
        for link, cursor in (("next", "cD0xMjM="), ("previous", "cj0xJnA9MTcy")):
            paginated["properties"][link]["example"] = f"https://api.example.com/?{self.cursor_query_param}={cursor}"
        return paginated


class OrderingFilter(filters.OrderingFilter):
    """DRF's; without `ordering_fields`, a view has the serializer's fields by which pages can be ordered."""

    def get_default_valid_fields(self, queryset: QuerySet, view: APIView, context: Any = None) -> list[tuple[str, str]]:
        fields = super().get_default_valid_fields(queryset, view, context)
        return [(name, label) for name, label in fields if column(queryset.model, name)]


def column(model: type[Model], name: str) -> str:
    """Return the model's own, never-null column for a name in an ordering, with its sign, or an empty text.

    A foreign key is ordered by its own value: by its name alone, Django would use the ordering of the model that it
    refers to.
    """
    sign = "-" if name.startswith("-") else ""
    for field in model._meta.concrete_fields:  # noqa: SLF001 - Django documents it
        if name.lstrip("-") in {field.name, field.attname} and not field.null:
            return sign + field.attname
    return ""


def values(model: type[Model], fields: Sequence[str], position: str) -> list[Any]:
    """Return the values in a cursor's position; raises ValidationError if they do not fit these fields."""
    try:
        pairs = list(zip(fields, position.split("\0"), strict=True))
    except ValueError as error:
        raise ValidationError("The cursor is for another ordering.") from error
    columns: Any = model._meta  # noqa: SLF001 - Django documents it
    return [columns.get_field(name.lstrip("-")).to_python(text) for name, text in pairs]


def beyond(fields: Sequence[str], place: Sequence[Any]) -> Q:
    """Return the condition for the rows beyond a place in this order; in SQL, `(title, id) > ('Emma', 7)`.

    A row comparison has one direction. If the order has both, the first field is compared alone, then the others.
    """
    first, *others = fields
    name, descending = first.lstrip("-"), first.startswith("-")
    lookup = TupleLessThan if descending else TupleGreaterThan
    if not others:
        return Q(**{f"{name}__{lookup.lookup_name}": place[0]})
    if all(other.startswith("-") == descending for other in others):
        return Q(lookup([F(field.lstrip("-")) for field in fields], place))
    at_least = Q(**{f"{name}__{lookup.lookup_name}e": place[0]})  # an index serves this, but not the OR
    return at_least & (beyond([first], place[:1]) | beyond(others, place[1:]))
