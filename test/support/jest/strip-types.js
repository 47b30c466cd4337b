// Node's own type stripping, so that a test runs exactly what `node functions/…/index.ts` runs.
// Positions are kept, so no source maps are needed.
import { stripTypeScriptTypes } from "node:module";

export default { process: (code) => ({ code: stripTypeScriptTypes(code) }) };
