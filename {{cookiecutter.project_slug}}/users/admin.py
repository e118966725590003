from django.contrib import admin
from django.contrib.auth import admin as auth

from config.pagination import CappedPaginator
from users.models import User


@admin.register(User)
class UserAdmin(auth.UserAdmin):
    """Django's, for a million users: not counted, and searched and ordered by indexes alone (migrations/0002_search.py)."""

    sortable_by = ("username",)
    show_full_result_count = False
    paginator = CappedPaginator
