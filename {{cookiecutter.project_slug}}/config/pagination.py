"""How lists of the API are split into pages."""

from rest_framework import pagination


class CursorPagination(pagination.CursorPagination):
    """Pages that cost the same, first or deep: a cursor is a place in an index, not a number of rows to skip."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
