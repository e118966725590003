"""The WSGI application that gunicorn serves."""

import atexit
import os
from collections.abc import Iterable
from io import BytesIO
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/wsgi.py.imports" ignore missing
# % endfor
from config.database import close_pools

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/wsgi.py.start" ignore missing
# % endfor
django = get_wsgi_application()
atexit.register(close_pools)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request. A body that comes in chunks gets a length first: Django takes one without for empty."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        body = environ["wsgi.input"].read(10 * 2**20 + 1)  # more, Caddy does not let through
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return django(environ, start_response)
