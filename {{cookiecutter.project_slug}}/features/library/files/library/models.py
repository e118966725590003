"""Books and the people who wrote them."""

from contextlib import suppress
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from library.isbn import IsbnField, isbn13

# Limits of a search: the words that count, and the authors that it passes on as a list.
MAX_WORDS = 8
MAX_AUTHORS = 100


class Author(models.Model):
    name = models.CharField(max_length=200)
    # Books of others may be theirs, so authors outlive the account that added them.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="authors"
    )

    class Meta:
        indexes = (models.Index(fields=("name", "id"), name="author_by_name"),)

    def __str__(self) -> str:
        return self.name


class BookQuerySet(models.QuerySet["Book"]):
    def search(self, text: str) -> Self:
        """Return the books with every word in their title, subtitle or author's name, or at the start of their ISBN.

        A text that is an ISBN finds its book, however it is spelled. Only the first words of a long text count. On
        PostgreSQL, indexes serve this (migrations/0002_search.py).
        """
        with suppress(ValidationError):
            return self.filter(isbn=isbn13(text))
        found = self
        for word in text.split()[:MAX_WORDS]:
            authors = Author.objects.filter(name__icontains=word)
            # A list uses an index together with the other conditions. A subquery cannot, but common words need none.
            few = list(authors.values_list("pk", flat=True)[: MAX_AUTHORS + 1])
            found = found.filter(
                models.Q(title__icontains=word)
                | models.Q(subtitle__icontains=word)
                | models.Q(isbn__startswith=word.replace("-", "") or word)
                | models.Q(author__in=few if len(few) <= MAX_AUTHORS else authors)
            )
        return found


class Book(models.Model):
    title = models.CharField(max_length=200)
    subtitle = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(Author, on_delete=models.RESTRICT, related_name="books")
    isbn = IsbnField("ISBN", unique=True, help_text="10 or 13 characters, with or without hyphens")
    published = models.DateField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="books")

    objects = BookQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=("title", "id"), name="book_by_title"),
            models.Index(fields=("published", "id"), name="book_by_date"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("book-page", args=[self.pk])
