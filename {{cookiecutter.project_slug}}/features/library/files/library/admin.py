from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from config.pagination import CappedPaginator
from library.models import Author, Book

# A million books are searched by an index, and ordered by indexes only. What would read every one of them, such as a
# date hierarchy or the total count beside each search, is left out.


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    list_display = ("name", "owner")
    list_select_related = ("owner",)
    ordering = ("name", "id")
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
