"""The web application, for uvicorn."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings")

pages = get_asgi_application()  # loads the applications; only then can their modules be

from dispatch import queue  # noqa: E402 - see above
from dispatch.api import assistant_door  # noqa: E402 - see above
from dispatch.articles import door  # noqa: E402 - see above

queue.prepare()
application = door.before(assistant_door.before(pages))
