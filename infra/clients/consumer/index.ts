/**
 * `transactions-collector/consumer`: for whoever is told by S3 that a statement is there. No
 * dependencies; runs in Node, in a Lambda and in a browser.
 */
export { parseStatementKey, type StatementKey } from "../../../functions/domain/statement-key.ts";
export type { Manifest, ManifestFile } from "../../../functions/domain/manifest.ts";
export type {
  Verification,
  VerificationOptions,
} from "../../../functions/verification/verify-statement.ts";
export type {
  ProblemKind,
  StatementProblem,
} from "../../../functions/verification/wrong-statement.ts";
export type {
  SignatureCheck,
  VerificationKey,
} from "../../../functions/verification/manifest-signature.ts";
export { bankText } from "./bank-text.ts";
export { parseS3Event, type S3Event, type StatementCreated } from "./s3-event.ts";
export { verifyStatement, type StatementBytes } from "./statement-bytes.ts";
