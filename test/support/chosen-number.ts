/**
 * A number that the environment gives a test or a search, such as FUZZ_RUNS.
 *
 * @param least `10,000` and `ten` are no numbers, and a search of so many tries nothing and finds nothing
 * @throws Error
 */
export function chosenNumber(name: string, otherwise: number, least = 0): number {
  const text = process.env[name] ?? "";
  if (text === "") return otherwise;
  const number = Number(text);
  if (number >= least) return number;
  throw new Error(`${name} is not valid: a number from ${least}`);
}
