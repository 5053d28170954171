"""How dates are written in the admin, where it differs from Django's own formats of a language."""
