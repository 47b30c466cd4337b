import * as z from "zod";
import { COMMON_VARIABLES } from "../platform/settings/config.ts";
import { eventWindow, withEventWindow } from "../platform/settings/event-window.ts";
import { withIdentity } from "../platform/settings/identity-variables.ts";
import { integer, yesOrNo } from "../platform/settings/variables.ts";

export const pendingScannerConfig = withIdentity(
  withEventWindow(
    z.object({
      ...COMMON_VARIABLES,
      /** Requests of one customer that are offered or being built at a time, while builds are slow. */
      TICK_CAP_PER_CUSTOMER: integer({ min: 1, max: 100_000, default: 5 }),
      /** Requests the builders can work on at a time. */
      BUILDER_CAPACITY: integer({ min: 1, max: 10_000, default: 8 }),
      /** Each offer starts a Job, whatever the request's lane. */
      OFFERS_ARE_JOBS: yesOrNo("false"),
      TICK_DEADLINE_SECONDS: integer({ min: 1, max: 600, default: 50 }),
      ...eventWindow.shape,
    }),
  ),
);

export type PendingScannerConfig = z.output<typeof pendingScannerConfig>;
