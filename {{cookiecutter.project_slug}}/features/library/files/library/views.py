"""The Library's website."""

from typing import ClassVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.forms import DateInput, ModelForm
from django.http import HttpResponse
from django.views.generic import CreateView, DetailView, ListView

from library.models import Book


class BookForm(ModelForm):
    class Meta:
        model = Book
        fields = ("title", "subtitle", "author", "isbn", "published")
        widgets: ClassVar = {"published": DateInput(attrs={"type": "date"})}


class BookList(ListView):
    """All books, or those whose title or author contains the words searched for (`q`)."""

    paginate_by = 20

    def get_queryset(self) -> QuerySet[Book]:
        words = self.request.GET.get("q", "")
        return Book.objects.search(words).select_related("author").order_by("title", "id")


class BookDetail(DetailView):
    queryset = Book.objects.select_related("author")


class BookCreate(LoginRequiredMixin, CreateView):
    model = Book
    form_class = BookForm

    def form_valid(self, form: ModelForm) -> HttpResponse:
        form.instance.owner = self.request.user
        return super().form_valid(form)
