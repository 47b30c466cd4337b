/** A number of places, each taken by one piece of work at a time and given back by disposing of it. */
export interface Places {
  /** Whether all are taken. */
  readonly none: boolean;
  /** undefined when all are taken. */
  take(): Disposable | undefined;
}

export function makePlaces(count: number): Places {
  let taken = 0;
  return {
    get none() {
      return taken >= count;
    },
    take() {
      if (taken >= count) return undefined;
      taken++;
      return {
        [Symbol.dispose]() {
          taken--;
        },
      };
    },
  };
}
