"""Health check of a web container: exit status 0 if the process answers /healthz."""

import os
import urllib.request

port = int(os.environ.get("PORT", "8000"))
# Django refuses a Host that is not in ALLOWED_HOSTS; docker-compose.yml adds localhost to them.
request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": "localhost"})
with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310 - a fixed address of this container
    answer.read()
