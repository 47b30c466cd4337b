-- The one right statement-builder needs: to read the two views. Run in the bank's database, by a
-- user who may grant; the same on MariaDB and MySQL 8. The password is the sample bank's: a real
-- one is set by `ALTER USER` and reaches the builder as the secret behind DATABASE_URL.

CREATE USER IF NOT EXISTS 'statement_reader'@'%' IDENTIFIED BY 'sample-bank-only';
GRANT SELECT ON statement_accounts TO 'statement_reader'@'%';
GRANT SELECT ON statement_transactions TO 'statement_reader'@'%';
