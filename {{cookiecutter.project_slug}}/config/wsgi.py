"""The WSGI application that gunicorn serves."""

import atexit
import os

from django.core.wsgi import get_wsgi_application

from config.database import close_pools

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
atexit.register(close_pools)
