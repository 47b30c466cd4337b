/** What is built and deployed, by name. */

/** Each is a folder of functions/, a bundle, an image and a Service of its name. */
export const FUNCTION_NAMES = ["request-intake", "pending-scanner", "statement-builder"] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** What an installation may have besides, as a component; it takes and sends no events. */
export type ProgramName = FunctionName | "status-api";

/** What each function has, in the order of their list. */
export function byFunction<T>(of: (name: FunctionName) => T): Record<FunctionName, T> {
  return Object.fromEntries(FUNCTION_NAMES.map((name) => [name, of(name)])) as Record<
    FunctionName,
    T
  >;
}
