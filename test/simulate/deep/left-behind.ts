/**
 * Loaded into a function's process in front of its entry: a process that has drained ends only when nothing
 * keeps it alive. What does is told, after a while, as the reason of its death.
 */
const GRACE_MS = 5_000;
/** Exit code of a process that left something behind. */
const LEFT_BEHIND = 99;

const exit = process.exit.bind(process);

process.exit = ((code?: number) => {
  if (code !== 0) exit(code);
  setTimeout(() => {
    const resources = process.getActiveResourcesInfo();
    console.error(`LEFT BEHIND ${resources.join(", ")}`);
    exit(LEFT_BEHIND);
  }, GRACE_MS).unref();
}) as typeof process.exit;
