"""How the API shows what the database has."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from operator import attrgetter
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.fields import Field, SkipField
from rest_framework.relations import PKOnlyObject

Reader = tuple[str, Callable[[Any], Any], Callable[[Any], Any]]


class ModelSerializer(serializers.ModelSerializer):
    """DRF's, which finds out once for an answer, not once for each of its rows, how each field is read.

    Where `fixed_fields` is true, which says that a class shows the same fields to everybody, it finds out once for all
    answers. They are the same either way. Of the CPU that a list of 50 rows takes, the first saves a tenth, and the
    second another.
    """

    fixed_fields = False

    def to_representation(self, instance: Any) -> dict[str, Any]:
        with suppress(AttributeError, ObjectDoesNotExist, SkipField):  # this row has not all of the fields
            return {
                name: None if (value := read(instance)) is None else represent(value)
                for name, read, represent in self._readers
            }
        return super().to_representation(instance)

    @cached_property
    def _readers(self) -> list[Reader]:
        # Fields that are there already may have been changed, for this answer.
        return fixed_readers(type(self)) if self.fixed_fields and "fields" not in vars(self) else readers(self)


@cache
def fixed_readers(serializer_class: type[ModelSerializer]) -> list[Reader]:
    """Return the readers of a class, made without a request, so that nothing of one is kept for others."""
    return readers(serializer_class())


def readers(serializer: ModelSerializer) -> list[Reader]:
    """Return the name of each field, what reads it from a row, and what represents the value that was read."""
    fields = serializer.fields.items()
    return [(name, *reader(field, serializer.Meta.model)) for name, field in fields if not field.write_only]


def reader(field: Field, model: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    source = field.source or ""
    *relations, name = source.split(".")
    with suppress(AttributeError, FieldDoesNotExist):  # not of a column: by a method, or out of a JSON value
        for relation in relations:
            model = model._meta.get_field(relation).related_model  # noqa: SLF001 - Django documents it
        column = model._meta.get_field(name)  # noqa: SLF001
        if type(field) is serializers.PrimaryKeyRelatedField and field.pk_field is None:
            return attrgetter(".".join([*relations, column.attname])), lambda key: key
        if type(field).get_attribute is Field.get_attribute and not column.is_relation:
            return attrgetter(source), field.to_representation
    return lambda row: present(field.get_attribute(row)), field.to_representation


def present(value: Any) -> Any:
    """Return what DRF has read, or None where that stands for a row that refers to none."""
    return None if isinstance(value, PKOnlyObject) and value.pk is None else value
