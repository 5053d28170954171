-- Run once, when the database is made. Through PgBouncer a client cannot ask for these at connecting, so they
-- belong to the role: a wait that takes longer is a fault to be seen, not a page that hangs.
ALTER ROLE mall IN DATABASE mall SET lock_timeout = '5s';
ALTER ROLE mall IN DATABASE mall SET statement_timeout = '15s';
ALTER ROLE mall IN DATABASE mall SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE mall IN DATABASE mall SET timezone = 'UTC';
