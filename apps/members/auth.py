"""Placeholder for the bearer authentication, filled in by the members slice."""

from rest_framework.authentication import BaseAuthentication


class BearerAuthentication(BaseAuthentication):
    pass
