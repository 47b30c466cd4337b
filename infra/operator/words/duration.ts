/** Lengths of time as a person writes and reads them: `90s`, `15m`, `3h`, `2d`. */
import { InvalidArgumentError } from "commander";

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** For an option of commander. @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const { amount, unit } = /^(?<amount>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  if (amount === undefined)
    throw new InvalidArgumentError("Give a length such as 90s, 15m, 3h, 2d.");
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** In its two largest units where they help, as kubectl shows ages: `45s`, `3m20s`, `5h`, `12d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return minutes * 60 === seconds ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** How long something took: most statements take less than a second, and somebody is looking. */
export function formatElapsed(ms: number): string {
  return ms < 59_995 ? `${(ms / 1000).toFixed(2)} s` : formatDuration(ms);
}
