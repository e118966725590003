from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csp import csp_override
from drf_spectacular.views import SpectacularRedocView

from config.docs import POLICY
from config.problems import error_response


def no_phone(request: HttpRequest, client: str) -> HttpResponse:
    return error_response(request, 404)


docs = csp_override(POLICY)(SpectacularRedocView.as_view(url_name="headless:openapi_json"))

urlpatterns = [
    # Where other sites redirect to after a login there.
    path("accounts/", include("allauth.urls")),
    # Accounts have no phone numbers, without which allauth's view fails.
    path("api/accounts/<str:client>/v1/account/phone", no_phone),
    path("api/accounts/", include("allauth.headless.urls")),
    path("api/accounts/docs/", docs, name="accounts-docs"),
]
