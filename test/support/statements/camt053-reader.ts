/** A camt.053 document read by libxml2, which knows nothing of the code that wrote it. */
import { buffer } from "node:stream/consumers";
import { XmlDocument, type XmlNode } from "libxml2-wasm";
import { camt053 } from "../../../functions/statement-builder/formats/camt053/camt053.ts";
import type { StatementContent } from "../../../functions/statement-builder/formats/statement-format.ts";

const NAMESPACES = { c: "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08" };

export async function camt053Bytes(content: StatementContent): Promise<Buffer> {
  return await buffer(camt053.write(content));
}

/**
 * Every text that a path such as `Stmt/Ntry/Amt` leads to, from anywhere in the document, in its
 * order.
 */
export type TextsAt = (path: string) => readonly string[];

export async function readCamt053(content: StatementContent): Promise<TextsAt> {
  const document = XmlDocument.fromBuffer(await camt053Bytes(content));
  // A finalizer frees it with the test's last reference.
  return (path) => find(document, path).map((node) => node.content);
}

function find(document: XmlDocument, path: string): XmlNode[] {
  const steps = path.split("/").map((step) => (/^[@.*]/.test(step) ? step : `c:${step}`));
  return document.find(`//${steps.join("/")}`, NAMESPACES);
}
