"""The demo shop 「茶里茶外」: what it sells, how it looks, on what terms. Used by ``manage.py seed_demo`` alone."""
