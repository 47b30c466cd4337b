/** A table of the numbers from 1 to `last`, in its column `seq`; for MySQL as well as MariaDB. */
export function sequence(last: number): string {
  const array = `CONCAT('[', REPEAT('0,', ${last - 1}), '0]')`;
  return `JSON_TABLE(${array}, '$[*]' COLUMNS (seq FOR ORDINALITY)) AS sequence`;
}
