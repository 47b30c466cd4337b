/** What the browser gets as it is, read anew each time: a change is one reload away. */
import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { send } from "./answers.ts";

/** Beside this file, in the repository as in the package. */
const FOLDER = join(import.meta.dirname, "browser");

/** By path; whatever is not here does not exist. */
const FILES: Readonly<Record<string, readonly [file: string, contentType: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page/page.css": ["page.css", "text/css; charset=utf-8"],
  "/page/flow.css": ["flow.css", "text/css; charset=utf-8"],
  "/page/page.js": ["page.js", "text/javascript; charset=utf-8"],
  "/page/flow.js": ["flow.js", "text/javascript; charset=utf-8"],
  "/page/choices.js": ["choices.js", "text/javascript; charset=utf-8"],
  "/page/dates.js": ["dates.js", "text/javascript; charset=utf-8"],
  "/page/contents.js": ["contents.js", "text/javascript; charset=utf-8"],
  "/page/form.js": ["form.js", "text/javascript; charset=utf-8"],
  "/page/requests.js": ["requests.js", "text/javascript; charset=utf-8"],
  "/page/words.js": ["words.js", "text/javascript; charset=utf-8"],
  "/page/icon.svg": ["icon.svg", "image/svg+xml"],
};

/** Whether there is such a file; it is sent then. */
export async function sendFile(path: string, response: ServerResponse): Promise<boolean> {
  if (!Object.hasOwn(FILES, path)) return false;
  const [file = "", contentType = ""] = FILES[path] ?? [];
  send(response, 200, contentType, await readFile(join(FOLDER, file)));
  return true;
}
