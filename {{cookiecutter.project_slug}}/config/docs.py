"""The API's documentation as ReDoc shows it."""

from django.conf import settings
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from drf_spectacular.views import SpectacularRedocView

# ReDoc makes style elements: empty ones, which it fills rule by rule, and one for its scroll bar. These hashes allow
# only these two contents. ReDoc searches in a worker, whose script it makes itself.
STYLES = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
]
POLICY = {**settings.SECURE_CSP, "style-src": [CSP.SELF, *STYLES], "worker-src": ["blob:"]}

redoc = csp_override(POLICY)(SpectacularRedocView.as_view())
