"""Books and the people who wrote them."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from library.isbn import IsbnField


class Author(models.Model):
    name = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="authors")

    class Meta:
        indexes = (models.Index(fields=("name", "id"), name="author_by_name"),)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    title = models.CharField(max_length=200)
    subtitle = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="books")
    isbn = IsbnField("ISBN", unique=True, help_text="10 or 13 characters, with or without hyphens")
    published = models.DateField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="books")

    class Meta:
        indexes = (
            models.Index(fields=("title", "id"), name="book_by_title"),
            models.Index(fields=("published", "id"), name="book_by_date"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("book-page", args=[self.pk])
