"""The addresses of the project."""

from django.conf import settings
from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.docs import redoc

admin.site.site_header = admin.site.site_title = settings.PROJECT_NAME

api_v1 = [
    # % for feature in cookiecutter.__chosen.split()
    # % include "features/" ~ feature ~ "/urls.py.api_v1" ignore missing
    # % endfor
    path("", include("users.urls")),
]

urlpatterns = [
    # % for feature in cookiecutter._front_pages if feature in cookiecutter.__chosen.split()
    # % else
    path("", SpectacularSwaggerSplitView.as_view()),
    # % endfor
    # % for feature in cookiecutter.__chosen.split()
    # % include "features/" ~ feature ~ "/urls.py.urlpatterns" ignore missing
    # % endfor
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
    path("api/v1/", include(api_v1)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("api/redoc/", redoc, name="redoc"),
    # Browsers ask for it on every page that names no icon.
    path("favicon.ico", lambda request: redirect(static("favicon.svg"))),
]

handler400 = "config.problems.bad_request"
handler403 = "config.problems.permission_denied"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"
