from django.core.management import call_command
from django.utils import timezone
from knox.models import AuthToken

from config.celery import app


@app.task
def delete_expired_logins() -> None:
    """Delete tokens and sessions that have ended, which otherwise stay until they are used again."""
    AuthToken.objects.filter(expiry__lte=timezone.now()).delete()
    call_command("clearsessions")
