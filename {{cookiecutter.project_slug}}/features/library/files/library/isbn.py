"""International Standard Book Numbers (ISO 2108): ten or thirteen characters, the last of them a check digit."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers
from stdnum import isbn
from stdnum.exceptions import ValidationError as InvalidNumber

# Thirteen digits with a hyphen or space between any two, as people copy them from a cover.
LONGEST_SPELLING = 25


def isbn13(text: str) -> str:
    """Return the thirteen digits of an ISBN-10 or ISBN-13, however it was spelled.

    Raises ValidationError where the length, the prefix or the check digit is wrong.
    """
    try:
        return isbn.validate(text, convert=True)
    except InvalidNumber as error:
        message = "This is not an ISBN: one has 10 or 13 characters, and the last is a check digit."
        raise ValidationError(message, code="invalid_isbn") from error


class IsbnField(models.CharField):
    """An ISBN, stored as thirteen digits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 13, **kwargs})

    def to_python(self, value: Any) -> Any:
        return isbn13(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        # A value in the stored form is not checked again: that took half the time of adding many books.
        is_stored_form = isinstance(value, str) and len(value) == self.max_length and value.isdigit()
        return value if is_stored_form else super().get_prep_value(value)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"max_length": LONGEST_SPELLING, **kwargs})


class IsbnSerializerField(serializers.CharField):
    """An ISBN in a request or a response."""

    def to_internal_value(self, data: Any) -> str:
        return isbn13(super().to_internal_value(data))
