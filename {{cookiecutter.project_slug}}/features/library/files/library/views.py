"""The Library's website."""

from typing import Any, ClassVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.forms import CharField, DateInput, Form, ModelChoiceField, ModelForm
from django.http import HttpResponse, QueryDict
from django.views.generic import CreateView, DetailView, ListView

from config.pagination import beyond
from library.models import Author, Book

PAGE_SIZE = 20


class BookForm(ModelForm):
    author = CharField(max_length=200, help_text="A name that is new here adds an author.")

    field_order = ("title", "subtitle", "author", "isbn", "published")

    class Meta:
        model = Book
        fields = ("title", "subtitle", "isbn", "published")
        widgets: ClassVar = {"published": DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class PageForm(Form):
    """Where a page is: after a book, or before one."""

    after = ModelChoiceField(Book.objects.all(), required=False)
    before = ModelChoiceField(Book.objects.all(), required=False)


def page_of(books: QuerySet[Book], query: QueryDict) -> dict[str, Any]:
    """Return the books of a page, and the books next to which the previous and next pages begin, if there are any.

    A page is found by the book next to it, in the index on the title: the deepest costs no more than the first.
    """
    form = PageForm(query)
    form.is_valid()  # for a book that is not there: the first page
    after, before = form.cleaned_data.get("after"), form.cleaned_data.get("before")
    rest = books
    if before:
        rest = books.filter(beyond(("-title", "-id"), (before.title, before.pk))).reverse()
    elif after:
        rest = books.filter(beyond(("title", "id"), (after.title, after.pk)))
    found = list(rest[: PAGE_SIZE + 1])
    if not found and (before or after):  # the books that were there are gone: the first page
        return page_of(books, QueryDict())
    more = len(found) > PAGE_SIZE
    page = found[:PAGE_SIZE][:: -1 if before else 1]
    return {
        "book_list": page,
        "previous": page[0] if page and (more if before else after) else None,
        "next": page[-1] if page and (before or more) else None,
    }


class BookList(ListView):
    """All books, or those that have the words searched for (`q`), a page at a time."""

    def get_queryset(self) -> QuerySet[Book]:
        words = self.request.GET.get("q", "").replace("\0", "")  # which PostgreSQL cannot take in a text
        return Book.objects.search(words).select_related("author").order_by("title", "id")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**page_of(self.get_queryset(), self.request.GET), **context)


class BookDetail(DetailView):
    queryset = Book.objects.select_related("author")


class BookCreate(LoginRequiredMixin, CreateView):
    model = Book
    form_class = BookForm

    def form_valid(self, form: ModelForm) -> HttpResponse:
        book, name = form.instance, form.cleaned_data["author"]
        book.owner = self.request.user
        try:
            with transaction.atomic():
                book.author = Author.objects.filter(name=name).first() or Author.objects.create(
                    name=name, owner=book.owner
                )
                return super().form_valid(form)
        except IntegrityError:  # somebody has added the same book since the form was validated
            form.add_error("isbn", book.unique_error_message(Book, ("isbn",)))
            return self.form_invalid(form)
