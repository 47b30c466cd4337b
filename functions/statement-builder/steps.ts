/**
 * The steps of a build, in the order they happen. Between any two of them the process may die;
 * the fault suite kills it at each one, so a step added here is a step that is tried.
 */
import { PUBLISH_STEPS } from "./store/publication.ts";

export const BUILD_STEPS = [
  "claimed",
  "fenced",
  "snapshot-opened",
  "rows-streaming",
  ...PUBLISH_STEPS,
  "settled",
  "announced",
] as const;
export type BuildStep = (typeof BUILD_STEPS)[number];

/** Called when a step is done; the next one waits for it. */
export type OnStep = (step: BuildStep) => void | Promise<void>;
