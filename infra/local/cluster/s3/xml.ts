/** The little XML the S3 API needs: elements without attributes, written and read as text. */

export type XmlValue = string | number | boolean | XmlElement | readonly XmlElement[] | undefined;
export interface XmlElement {
  readonly [name: string]: XmlValue;
}

/** A document; lists become repeated elements, `undefined` is left out. */
export function xmlDocument(root: string, content: XmlElement): string {
  const namespace = root === "Error" ? "" : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${children(content)}</${root}>`;
}

function children(content: XmlElement): string {
  return Object.entries(content)
    .map(([name, value]) => element(name, value))
    .join("");
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return "";
  if (isList(value)) return value.map((item) => element(name, item)).join("");
  const inner = typeof value === "object" ? children(value) : escapeText(String(value));
  return `<${name}>${inner}</${name}>`;
}

function isList(value: XmlValue): value is readonly XmlElement[] {
  return Array.isArray(value);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Control characters as references, so that any key can be written. */
function escapeText(text: string): string {
  return text.replaceAll(
    // eslint-disable-next-line no-control-regex -- these are the ones to write as references
    /[&<>"\u0000-\u001f]/g,
    (character) => ENTITIES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );
}

/** The contents of every element of this name, still as XML. */
export function xmlElements(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>|<${name}\\s*/>`, "g");
  return Array.from(xml.matchAll(pattern), (match) => match[1] ?? "");
}

/** The text of the first element of this name. */
export function xmlText(xml: string, name: string): string | undefined {
  const [first] = xmlElements(xml, name);
  return first === undefined ? undefined : unescapeText(first.trim());
}

function unescapeText(text: string): string {
  const named: Readonly<Record<string, string>> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
  };
  return text.replaceAll(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole: string, reference: string) => {
    if (/^#x/i.test(reference))
      return String.fromCodePoint(Number.parseInt(reference.slice(2), 16));
    if (reference.startsWith("#")) return String.fromCodePoint(Number(reference.slice(1)));
    return named[reference] ?? whole;
  });
}
