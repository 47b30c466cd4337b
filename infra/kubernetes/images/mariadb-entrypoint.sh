#!/bin/sh
# Makes an empty data folder once, and runs the server with the root password of MARIADB_ROOT_PASSWORD. Writes
# to /var/lib/mysql, /run/mysqld and /tmp alone, and needs no user of its own.
set -eu
: "${MARIADB_ROOT_PASSWORD:?is missing}"
case $MARIADB_ROOT_PASSWORD in *[\'\\]*) echo "MARIADB_ROOT_PASSWORD: no quotes or backslashes" >&2; exit 78 ;; esac

data=/var/lib/mysql
if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --no-defaults --force --datadir="$data" \
    --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve >/dev/null
fi
umask 077
cat >/run/mysqld/root.sql <<SQL
CREATE OR REPLACE USER 'root'@'%' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
SQL
exec mariadbd --no-defaults --datadir="$data" --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/mysqld.pid \
  --tmpdir=/tmp --init-file=/run/mysqld/root.sql --bind-address=0.0.0.0 --port=3306 --skip-name-resolve \
  --skip-log-bin --character-set-server=utf8mb4 --performance-schema=0 --innodb-buffer-pool-size=128M "$@"
