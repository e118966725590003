"""The Library's website."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from library import views

urlpatterns = [
    path("", views.BookList.as_view(), name="home"),
    path("books/add/", views.BookCreate.as_view(), name="book-add"),
    path("books/<int:pk>/", views.BookDetail.as_view(), name="book-page"),
    path("login/", LoginView.as_view(template_name="library/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
