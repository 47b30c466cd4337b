-- The sample bank: what a bank keeps, and the two views a statement is read from.
-- Works on MariaDB 10.6+ and MySQL 8.0+, and may be run again over itself.
--
-- Ids are opaque and case-sensitive, so they are ASCII and compared byte by byte.

CREATE TABLE IF NOT EXISTS accounts (
  account_id   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customer_id  VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency     CHAR(3)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'ISO 4217',
  product      VARCHAR(35) NOT NULL,
  opened_on    DATE        NOT NULL,
  PRIMARY KEY (account_id),
  KEY accounts_of_customer (customer_id, account_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'transactions-collector sample bank';

-- A statement's order is (booking_date, posted_at, id), and (posted_at, id) with PERIOD_BASIS=posted_at.
-- `status` ends the indexes, so that the rows of a period are counted, and the last booked row before
-- it is found, from the index alone. A balance by booking dates needs both indexes of an account.
CREATE TABLE IF NOT EXISTS transactions (
  id                   BIGINT        NOT NULL,
  customer_id          VARCHAR(63)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account_id           VARCHAR(64)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status               CHAR(4)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'BOOK or PDNG',
  posted_at            DATETIME(6)   NOT NULL COMMENT 'UTC',
  booking_date         DATE          NOT NULL,
  value_date           DATE          NOT NULL,
  amount               DECIMAL(23,4) NOT NULL COMMENT 'signed, a credit is positive',
  currency             CHAR(3)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'ISO 4217',
  balance_after        DECIMAL(23,4) NOT NULL COMMENT 'booked balance; a pending row leaves it as it was',
  type                 VARCHAR(35)   NOT NULL,
  description          VARCHAR(500)  NULL,
  counterparty_name    VARCHAR(140)  NULL,
  counterparty_account VARCHAR(34)   NULL,
  reference            VARCHAR(35)   NULL,
  reversal_of          BIGINT        NULL COMMENT 'id of the transaction this one takes back',
  PRIMARY KEY (id),
  KEY transactions_of_customer (customer_id, posted_at, id, status),
  KEY transactions_of_account (account_id, posted_at, id, status),
  KEY transactions_of_customer_by_day (customer_id, booking_date, posted_at, id, status),
  KEY transactions_of_account_by_day (account_id, booking_date, posted_at, id, status),
  CONSTRAINT transaction_status CHECK (status IN ('BOOK', 'PDNG')),
  CONSTRAINT transaction_account FOREIGN KEY (account_id) REFERENCES accounts (account_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'transactions-collector sample bank';

-- MERGE: a query of the view is a query of the table, with the table's indexes.
-- DEFINER: the reader needs no right on the tables behind it.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW statement_accounts AS
  SELECT customer_id, account_id, currency
  FROM accounts;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW statement_transactions AS
  SELECT customer_id, account_id, id, status, posted_at, booking_date, value_date, amount, currency,
         balance_after, type, description, counterparty_name, counterparty_account, reference,
         reversal_of
  FROM transactions;
