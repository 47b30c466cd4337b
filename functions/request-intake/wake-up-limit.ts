const WINDOW_MS = 60_000;
const MAX_CUSTOMERS = 10_000;

export interface WakeUpLimit {
  /** Whether this customer may have one more wake-up now; counts it when so. */
  allows(customerId: string): boolean;
}

/**
 * At most `perMinute` wake-ups a customer in any minute, so that one customer's burst does not
 * fill the broker in front of everybody else; what is left out waits for the tick. Memory is
 * bounded: beyond ten thousand customers the one seen longest ago is forgotten, which only lets a
 * wake-up too many through.
 */
export function makeWakeUpLimit(perMinute: number, now: () => number): WakeUpLimit {
  const sentAt = new Map<string, readonly number[]>();
  return {
    allows(customerId) {
      const at = now();
      // Of a time to come the clock was set back: it would count for as long as it was set.
      const recent = (sentAt.get(customerId) ?? []).filter(
        (time) => time > at - WINDOW_MS && time <= at,
      );
      const allowed = recent.length < perMinute;
      // Set anew, so that the map's order is the order of last use.
      sentAt.delete(customerId);
      sentAt.set(customerId, allowed ? [...recent, at] : recent);
      const [oldest] = sentAt.keys();
      if (sentAt.size > MAX_CUSTOMERS && oldest !== undefined) sentAt.delete(oldest);
      return allowed;
    },
  };
}
