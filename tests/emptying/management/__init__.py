"""Commands that tests run instead of Django's."""
