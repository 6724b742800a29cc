"""The web application, for uvicorn."""

import os

from django.core.asgi import get_asgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings")

pages = get_asgi_application()  # loads the applications; only then can their modules be

from dispatch import queue  # noqa: E402 - see above
from dispatch.api import assistant_door  # noqa: E402 - see above
from dispatch.articles import door  # noqa: E402 - see above

queue.prepare()
resolve("/")  # loads every page, which the first visitor would wait for
queue.settle_in()
application = door.before(assistant_door.before(pages))
