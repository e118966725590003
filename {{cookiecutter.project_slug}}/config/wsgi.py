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
    """Answer a request, with headers about its body that Django can handle.

    A chunked body gets a length, as Django takes one without for empty. The Content-Type keeps only its boundary: forms
    and JSON are UTF-8, and Django takes any Python codec as charset, then fails outside of its error handlers.
    """
    if ";" in (kind := environ.get("CONTENT_TYPE", "")):
        kind, *parameters = kind.split(";")
        parameters = [text for text in parameters if text.strip().lower().startswith("boundary=")]
        environ["CONTENT_TYPE"] = ";".join([kind, *parameters])
    if "HTTP_TRANSFER_ENCODING" in environ:
        body = environ["wsgi.input"].read(10 * 2**20 + 1)  # Caddy lets no more through
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return django(environ, start_response)
