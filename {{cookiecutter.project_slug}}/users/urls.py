from django.urls import path

from users import views

urlpatterns = [
    path("auth/login/", views.LoginView.as_view(), name="api-login"),
    path("auth/logout/", views.LogoutView.as_view(), name="api-logout"),
    path("users/me/", views.MeView.as_view(), name="users-me"),
    path("users/me/password/", views.PasswordView.as_view(), name="users-me-password"),
    path("users/me/delete/", views.DeleteView.as_view(), name="users-me-delete"),
]
