"""How the API shows what the database has.

ModelSerializer is DRF's, but finds out how to read each field once for a response, not once for each of its rows.

If `fixed_fields` is true, which says that a class shows the same fields to everybody, it finds out once for all
responses. If these fields are also all columns, the rows of a list's page are dictionaries, not instances of the
model, and a view that handles them has to expect that. The output is always the same. Of the CPU for a list of 50
rows, the first saves a tenth, the second another tenth, and the third a quarter.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from inspect import getattr_static
from operator import attrgetter
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import QuerySet
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.fields import Field, SkipField
from rest_framework.relations import PKOnlyObject


class Reader(NamedTuple):
    """How to read a field from an instance of the model, and how to represent the value that was read.

    `column` is the name by which `QuerySet.values` returns the same value, or empty if it cannot.
    """

    read: Callable[[Any], Any]
    represent: Callable[[Any], Any]
    column: str = ""


class ModelSerializer(serializers.ModelSerializer):
    # No docstring: the API's documentation would show it for each serializer that has none.

    fixed_fields = False

    def to_representation(self, instance: Any) -> dict[str, Any]:
        with suppress(AttributeError, KeyError, ObjectDoesNotExist, SkipField):  # this row lacks one of the fields
            if isinstance(instance, dict):
                return {
                    name: None if (value := instance[column]) is None else represent(value)
                    for name, (_, represent, column) in self._readers.items()
                }
            return {
                name: None if (value := read(instance)) is None else represent(value)
                for name, (read, represent, _) in self._readers.items()
            }
        return super().to_representation(instance)

    @cached_property
    def _readers(self) -> dict[str, Reader]:
        # Fields that exist already may have been changed for this response.
        return fixed_readers(type(self)) if self.fixed_fields and "fields" not in vars(self) else readers(self)


def rows(page: QuerySet, view: Any, *names: str) -> QuerySet:
    """Return a page as dictionaries, with these names added, if the view's serializer shows only columns.

    Otherwise, return it unchanged.
    """
    with suppress(AssertionError, AttributeError):  # a view may show its rows in its own way
        serializer_class = view.get_serializer_class()
        if serializer_class.Meta.model is page.model and (columns := fixed_columns(serializer_class)):
            return page.values(*dict.fromkeys((*columns, *names)))
    return page


@cache
def fixed_columns(serializer_class: Any) -> list[str]:
    """Return the columns that a class shows, or none if it may show anything else."""
    if not issubclass(serializer_class, ModelSerializer) or not serializer_class.fixed_fields:
        return []
    if serializer_class.to_representation is not ModelSerializer.to_representation:
        return []
    columns = [column for _, _, column in fixed_readers(serializer_class).values()]
    return columns if all(columns) else []


@cache
def fixed_readers(serializer_class: type[ModelSerializer]) -> dict[str, Reader]:
    """Return the readers of a class, made without a request, because all requests share them."""
    return readers(serializer_class())


def readers(serializer: ModelSerializer) -> dict[str, Reader]:
    """Return what reads each field, by name."""
    fields = serializer.fields.items()
    return {name: reader(field, serializer.Meta.model) for name, field in fields if not field.write_only}


def reader(field: Field, model: Any) -> Reader:
    source = field.source or ""
    *relations, name = source.split(".")
    with suppress(AttributeError, FieldDoesNotExist):  # not a column: a method, or part of a JSON value
        always = True
        for relation in relations:
            foreign_key = model._meta.get_field(relation)  # noqa: SLF001 - Django documents it
            always &= foreign_key.concrete and not foreign_key.null
            model = foreign_key.related_model
        column = model._meta.get_field(name)  # noqa: SLF001
        # A file's attribute, for one, is more than its column.
        plain = getattr(type(getattr_static(model, column.attname)), "__get__", None) is DeferredAttribute.__get__
        path = [*relations, column.attname]
        lookup = "__".join(path) if always and plain else ""
        if type(field) is serializers.PrimaryKeyRelatedField and field.pk_field is None:
            return Reader(attrgetter(".".join(path)), lambda key: key, lookup)
        if type(field).get_attribute is Field.get_attribute and not column.is_relation:
            return Reader(attrgetter(source), field.to_representation, lookup)
    return Reader(lambda row: present(field.get_attribute(row)), field.to_representation)


def present(value: Any) -> Any:
    """Return what DRF has read, or None for a foreign key that is null."""
    return None if isinstance(value, PKOnlyObject) and value.pk is None else value
