"""Prices that explain themselves: ``engine.quote(basket, offers)`` gives a ``quote.Quote``; all of it pure."""
