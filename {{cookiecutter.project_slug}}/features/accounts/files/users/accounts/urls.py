from django.urls import include, path
from django.views.decorators.csp import csp_override
from drf_spectacular.views import SpectacularRedocView

from config.docs import POLICY

docs = csp_override(POLICY)(SpectacularRedocView.as_view(url_name="headless:openapi_json"))

urlpatterns = [
    # Where other sites redirect to after a login there.
    path("accounts/", include("allauth.urls")),
    path("api/accounts/", include("allauth.headless.urls")),
    path("api/accounts/docs/", docs, name="accounts-docs"),
]
