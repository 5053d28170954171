CREATE TABLE product (id bigserial PRIMARY KEY, name varchar(200), price int);
CREATE TABLE sku (
    id bigserial PRIMARY KEY, product_id bigint REFERENCES product, price int, stock int, sales int DEFAULT 0
) WITH (fillfactor = 70);
CREATE TABLE ord (
    id bigserial PRIMARY KEY, member_id bigint, total int, status int, addr jsonb, created timestamptz DEFAULT now()
);
CREATE INDEX ON ord (member_id, status);
CREATE TABLE ord_item (
    id bigserial PRIMARY KEY, order_id bigint REFERENCES ord, sku_id bigint, product_id bigint, qty int, price int,
    snapshot jsonb
);
CREATE INDEX ON ord_item (order_id);
CREATE TABLE member_coupon (id bigserial PRIMARY KEY, member_id bigint, status int, used_order bigint);
CREATE INDEX ON member_coupon (member_id, status);
CREATE TABLE outbox (
    id bigserial PRIMARY KEY, topic varchar(40), payload jsonb, created timestamptz DEFAULT now(), sent_at timestamptz
);
INSERT INTO product (name, price) SELECT 'Product ' || i, 1000 + i % 90 FROM generate_series(1, 10000) AS i;
INSERT INTO sku (product_id, price, stock)
SELECT p, 1000 + p % 90, 100000000 FROM generate_series(1, 10000) AS p, generate_series(1, 3) AS k;
INSERT INTO member_coupon (member_id, status)
SELECT m, 1 FROM generate_series(1, 10000) AS m, generate_series(1, 20) AS k;
ANALYZE;
