"""The Library's website."""

from typing import ClassVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Q, QuerySet
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
        books = Book.objects.select_related("author").order_by("title", "id")
        words = self.request.GET.get("q", "").split()
        for word in words:
            books = books.filter(Q(title__icontains=word) | Q(author__name__icontains=word))
        return books


class BookDetail(DetailView):
    queryset = Book.objects.select_related("author")


class BookCreate(LoginRequiredMixin, CreateView):
    model = Book
    form_class = BookForm

    def form_valid(self, form: ModelForm) -> HttpResponse:
        form.instance.owner = self.request.user
        return super().form_valid(form)
