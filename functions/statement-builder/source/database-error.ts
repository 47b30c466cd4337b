/**
 * What an error of the driver means for a request: the server did not answer, or it answered with
 * an error of its own, which a repetition, an operator or nobody takes away. What the record then
 * says is the server's number and its name, never its text, which may quote a row.
 *
 * MySQL: https://dev.mysql.com/doc/mysql-errors/9.0/en/server-error-reference.html, MariaDB:
 * https://mariadb.com/docs/server/reference/error-codes
 */
import { RetryableError, StatementFailure } from "../../domain/failure.ts";

/** The queries themselves are wrong there: a word of SQL, a collation, a variable. */
const NOTHING_HELPS = new Set([
  1064, // syntax
  1115, // unknown character set
  1149, // syntax
  1193, // unknown variable
  1231, // wrong value of a variable
  1235, // not supported yet
  1253, // collation of another character set
  1267, // illegal mix of collations
  1270,
  1271,
  1273, // unknown collation
]);

/** A right, a login, a limit or a view: somebody has to change it. */
const OPERATOR_HELPS = new Set([
  1044, // no right to the database
  1045, // access denied
  1049, // unknown database
  1054, // unknown column
  1104, // max_join_size
  1130, // host not allowed
  1142, // no right to a table or view
  1143, // no right to a column
  1146, // no such view
  1210, // a view's column is of a type that cannot be compared or added up
  1227, // a privilege is missing
  1251, // the login's protocol is not the driver's
  1275,
  1292, // a value that a view cannot convert
  1300, // a text that is not of its character set
  1356, // the view's tables or columns are gone
  1365, // division by zero in a view
  1366, // a value that a view cannot convert
  1370, // no right to a routine
  1449, // the view's definer is gone
  1525, // a value that a view's column cannot be compared with
  1690, // a number out of range in a view
  1698, // access denied
  1820, // the password must be changed
  1862, // the password has expired
  3032, // offline mode
  3118, // the account is locked
  3141, // not JSON
  3159, // TLS is required
  3955, // too many failed logins
  4078, // a view's columns are of types that do not go together (MariaDB)
  4079, // a view's column is of a type that cannot be compared or added up (MariaDB)
  4151, // the account is locked (MariaDB)
]);

/** The driver's own: the account has a login plugin that it does not know. */
const UNKNOWN_LOGIN_PLUGIN = "AUTH_SWITCH_PLUGIN_ERROR";

/** From here on MariaDB has other errors than MySQL, by whose names the driver calls them all. */
const FIRST_OF_ITS_OWN = 4000;

interface DriverError extends Error {
  readonly code?: string;
  readonly errno?: number;
  /** Five characters, where the server answered. */
  readonly sqlState?: string;
}

/** @throws never; the cause is the driver's error. */
export function databaseError(cause: Error): RetryableError | StatementFailure {
  const { code = "", errno = 0, sqlState }: DriverError = cause;
  if (code === UNKNOWN_LOGIN_PLUGIN) return refused(code, cause);
  if (sqlState === undefined) {
    return new RetryableError("database_unavailable", "the database did not answer", { cause });
  }
  const detail = errno < FIRST_OF_ITS_OWN ? `${errno} ${code}` : String(errno);
  if (NOTHING_HELPS.has(errno)) {
    const message = `the database cannot run the queries: ${detail}`;
    return new StatementFailure("unsupported_database", message, { cause, detail });
  }
  if (OPERATOR_HELPS.has(errno)) return refused(detail, cause);
  const message = `the database answered with an error: ${detail}`;
  return new RetryableError("database_error", message, { cause, detail });
}

/** Until somebody has changed something it is asked again, after the longest pause. */
export function refused(detail: string, cause?: Error): RetryableError {
  const message = `the database refuses: ${detail}`;
  return new RetryableError("database_refused", message, { cause, detail });
}
