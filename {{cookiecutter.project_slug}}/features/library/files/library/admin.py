from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from library.models import Author, Book

# A million books are searched by an index, and listed in the orders of indexes only. What would read every one of them,
# such as a hierarchy of dates or the number of all behind each search, is left out.


class CappedPaginator(Paginator):
    """Pages of the first 10,000 alone: to count a million takes longer than all else. Search leads to the others."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:10_000].count())


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    list_display = ("name", "owner")
    list_select_related = ("owner",)
    sortable_by = ("name",)
    search_fields = ("name",)
    autocomplete_fields = ("owner",)
    show_full_result_count = False
    paginator = CappedPaginator


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "isbn", "published")
    list_select_related = ("author",)
    sortable_by = ("title", "isbn", "published")
    list_filter = ("published",)
    search_fields = ("title", "subtitle", "author__name", "isbn")
    autocomplete_fields = ("author", "owner")
    show_full_result_count = False
    paginator = CappedPaginator

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return queryset & Book.objects.search(search_term), False
