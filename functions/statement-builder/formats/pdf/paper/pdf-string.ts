/** Texts for readers of the document, as PDF writes them (ISO 32000-1, 7.9.2.2). */

const PRINTABLE_ASCII = /^[ -~]*$/;

export function textString(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return `(${text.replace(/[()\\]/g, "\\$&")})`;
  return `<${Buffer.from(`\uFEFF${text}`, "utf16le").swap16().toString("hex")}>`;
}
