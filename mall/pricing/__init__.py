"""Prices that explain themselves: ``engine.quote(basket, offers)`` gives a ``quote.Quote``."""
