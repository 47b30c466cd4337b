const NUMBER = new Intl.NumberFormat("en");

/** `1 request`, `2 requests`, `3,640 requests`. */
export function count(number: number, noun: string): string {
  return `${inThousands(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** `978`, `1,234,567`. */
export function inThousands(number: number): string {
  return NUMBER.format(number);
}
