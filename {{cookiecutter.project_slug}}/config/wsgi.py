"""The WSGI application that gunicorn serves."""

import atexit
import os

from django.core.wsgi import get_wsgi_application

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/wsgi.py.imports" ignore missing
# % endfor
from config.database import close_pools

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# % for feature in cookiecutter.__chosen.split()
# % include "features/" ~ feature ~ "/wsgi.py.start" ignore missing
# % endfor
application = get_wsgi_application()
atexit.register(close_pools)
