from django.forms import NumberInput
from django_filters import rest_framework as filters

from config.filters import FilterSet
from library.models import Author, Book, BookQuerySet


class BookFilter(FilterSet):
    """Books of an author (`author`), those published within two dates, both included, and those with all the words."""

    # The default widget, in the browsable API, is a list with every author in it.
    author = filters.ModelChoiceFilter(queryset=Author.objects.all(), widget=NumberInput)
    search = filters.CharFilter(method="with_words", help_text="words of the title, the subtitle or the author's name")
    published_after = filters.DateFilter("published", "gte")
    published_before = filters.DateFilter("published", "lte")

    class Meta:
        model = Book
        fields = ("author",)

    def with_words(self, books: BookQuerySet, name: str, value: str) -> BookQuerySet:
        return books.search(value)
