"""A process that writes prices, stock and offers as told, without Django: whoever reads must see each of its commits."""

from __future__ import annotations

import sys

import psycopg2

_PRICE = """
    UPDATE catalog_sku SET price_fen = %(n)s WHERE product_id = %(product)s;
    UPDATE catalog_product SET price_fen = %(n)s WHERE id = %(product)s
"""
_STOCK = """
    UPDATE inventory_stock SET on_hand = %(n)s FROM catalog_sku AS sku
     WHERE sku.id = inventory_stock.sku_id AND sku.product_id = %(product)s
"""
_OFFER = "UPDATE promotions_promotion SET off_fen = %(n)s WHERE id = %(promotion)s"
_LEVEL = "UPDATE members_level SET discount_bp = %(n)s"
WHAT = {"price": _PRICE, "stock": _STOCK, "offer": _OFFER, "level": _LEVEL}


def main() -> None:
    """Read lines of a word and a number, write and commit what they say, answer each with a line."""
    address, product, promotion = sys.argv[1:]
    connection = psycopg2.connect(address)
    for line in sys.stdin:
        what, number = line.split()
        with connection, connection.cursor() as cursor:
            cursor.execute(
                WHAT[what], {"n": int(number), "product": int(product), "promotion": int(promotion)}
            )
        sys.stdout.write("committed\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
