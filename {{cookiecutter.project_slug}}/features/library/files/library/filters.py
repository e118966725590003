from django_filters import rest_framework as filters

from library.models import Book


class BookFilter(filters.FilterSet):
    """Books of an author (`author`), and those published within two dates, both included."""

    published_after = filters.DateFilter("published", "gte")
    published_before = filters.DateFilter("published", "lte")

    class Meta:
        model = Book
        fields = ("author",)
