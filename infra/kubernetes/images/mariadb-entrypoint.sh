#!/bin/sh
# Makes an empty data folder once, and runs the server with the root password of MARIADB_ROOT_PASSWORD. Writes
# to /var/lib/mysql, /run/mysqld (or MARIADB_DATA, MARIADB_RUN) and /tmp alone, and needs no user of its own.
set -eu
: "${MARIADB_ROOT_PASSWORD:?is missing}"
case $MARIADB_ROOT_PASSWORD in *[\'\\]*) echo "MARIADB_ROOT_PASSWORD: no quotes or backslashes" >&2; exit 78 ;; esac

data=${MARIADB_DATA:-/var/lib/mysql}
run=${MARIADB_RUN:-/run/mysqld}
base=${MARIADB_BASE:+--basedir=$MARIADB_BASE}
if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --no-defaults $base --force --datadir="$data" \
    --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve >/dev/null
fi
umask 077
# An empty data folder comes with accounts of root that have no password, on this host and under its names. They
# win over root@%, and a port-forward into the pod arrives from this host.
cat >"$run/root.sql" <<SQL
DELETE FROM mysql.global_priv WHERE User IN ('', 'root');
FLUSH PRIVILEGES;
CREATE OR REPLACE USER 'root'@'%' IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
SQL
exec mariadbd --no-defaults $base --datadir="$data" --socket="$run/mysqld.sock" --pid-file="$run/mysqld.pid" \
  --tmpdir=/tmp --init-file="$run/root.sql" --bind-address=0.0.0.0 --port=3306 --skip-name-resolve \
  --skip-log-bin --character-set-server=utf8mb4 --performance-schema=0 --innodb-buffer-pool-size=128M "$@"
