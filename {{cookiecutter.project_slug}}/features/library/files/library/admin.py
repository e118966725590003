from django.contrib import admin

from library.models import Author, Book


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    list_display = ("name", "owner")
    list_select_related = ("owner",)
    search_fields = ("name",)
    autocomplete_fields = ("owner",)
    show_full_result_count = False


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "isbn", "published")
    list_select_related = ("author",)
    search_fields = ("title", "author__name", "isbn")
    date_hierarchy = "published"
    autocomplete_fields = ("author", "owner")
    show_full_result_count = False
