/** Whether the bucket is there, and whether its rules fit the ledger's. */
import { GetBucketLifecycleConfigurationCommand, type LifecycleRule } from "@aws-sdk/client-s3";
import { RetryableError } from "../../../functions/domain/failure.ts";
import { PROBE_NAME } from "../../../functions/statement-builder/store/create-only-probe.ts";
import { storageFault } from "../../../functions/platform/store/storage-error.ts";
import type { Session } from "../session/session.ts";
import type { Store } from "../session/store-access.ts";
import { RETENTION } from "../session/told-variables.ts";
import { ok, reasonOf, unknown, wrong, type Finding } from "./finding.ts";

const RULES =
  "infra/kubernetes/bucket/lifecycle.json has the rules, and infra/kubernetes/bucket/README.md says how to set them";

const notLookedAt = (why = ""): Finding =>
  unknown(
    `the bucket was not looked at${why}`,
    "set S3_BUCKET, S3_ENDPOINT for a store of your own, and credentials",
  );

export async function* checkStore(session: Session): AsyncGenerator<Finding> {
  let store: Store;
  try {
    store = await session.store();
  } catch (error) {
    session.signal.throwIfAborted();
    yield notLookedAt(`: ${reasonOf(error)}`);
    return;
  }
  const { name, prefix } = store;
  if (name === undefined) {
    yield notLookedAt();
    return;
  }
  try {
    const bucket = await session.bucket(name);
    await bucket.ready(session.signal);
    yield ok(`the bucket ${name} is there and may be listed`);
  } catch (error) {
    session.signal.throwIfAborted();
    yield judgeRefusal(name, reasonOf(error));
    return;
  }
  yield* checkCreateOnly(session, name);
  const retentionDays = await session.told("pending-scanner", RETENTION).then(
    ({ RETENTION_DAYS: days }) => days,
    () => undefined,
  );
  session.signal.throwIfAborted();
  yield* await checkLifecycle(session, name, { prefix, retentionDays });
}

/** A key that is refused is another thing than no answer: others mend it. */
function judgeRefusal(name: string, reason: string): Finding {
  // As the builder's own words have it, where there was an answer.
  return /HTTP \d{3}/.test(reason)
    ? wrong(
        `the store answers, and refuses the bucket ${name}: ${reason}`,
        "check S3_BUCKET, AWS_REGION and the credentials; infra/kubernetes/bucket/builder-policy.json has the rights",
      )
    : wrong(
        `the store does not answer, so nothing is known of the bucket ${name}: ${reason}`,
        "check S3_ENDPOINT, its TLS, and that this machine may reach it",
      );
}

/** By the builder's own probe, one small object that stays. */
async function* checkCreateOnly(session: Session, name: string): AsyncGenerator<Finding> {
  const bucket = await session.bucket(name);
  try {
    const { refusesWrongChecksums, confirmsRightChecksums } = await bucket.proveCreateOnly(true);
    yield ok(
      "the store refuses to write over an object, and to complete an upload that was aborted",
    );
    yield judgeChecksums(refusesWrongChecksums, confirmsRightChecksums);
  } catch (error) {
    if (error instanceof RetryableError && error.code === "store_not_create_only") {
      yield wrong(error.message, "no statement is made on this store until it does");
    } else {
      yield unknown(
        `it cannot be seen whether the store writes over objects: ${reasonOf(error)}`,
        `ask as one who may write ${name}/…/${PROBE_NAME}; the builder asks at each start`,
      );
    }
  }
}

function judgeChecksums(refusesWrong: boolean | undefined, confirmsRight?: boolean): Finding {
  if (refusesWrong === undefined) {
    return unknown(
      "it was not to be seen whether the store looks at checksums",
      "with S3_CHECKSUMS=when_required none are sent, and the signature alone guards what is sent",
    );
  }
  if (!refusesWrong) {
    return unknown(
      "the store takes bytes that are not those of their checksum",
      "statements are safe from overwriting, not from a fault on the way: have TLS up to the store",
    );
  }
  return ok(
    `the store refuses a wrong checksum${confirmsRight ? ", and confirms a right one" : ""}`,
  );
}

interface LifecycleTerms {
  readonly prefix: string;
  /** Undefined where it cannot be seen. */
  readonly retentionDays: number | undefined;
}

async function checkLifecycle(session: Session, bucket: string, terms: LifecycleTerms) {
  const client = await session.s3();
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
    const { Rules = [] } = await client.send(command, { abortSignal: session.signal });
    return judgeLifecycle(Rules, terms);
  } catch (error) {
    session.signal.throwIfAborted();
    const { code, description } = storageFault(error);
    if (code === "NoSuchLifecycleConfiguration") return judgeLifecycle([], terms);
    return [
      unknown(
        `the bucket's lifecycle rules cannot be read: ${description}`,
        "ask as one who may s3:GetLifecycleConfiguration; some stores have no such rules",
      ),
    ];
  }
}

/** Pure, so that every kind of rule can be tried. */
export function judgeLifecycle(
  rules: readonly LifecycleRule[],
  { prefix, retentionDays }: LifecycleTerms,
): readonly Finding[] {
  const ours = rules.filter(
    ({ Status, Filter }) => Status === "Enabled" && prefix.startsWith(Filter?.Prefix ?? ""),
  );
  const days = ours.flatMap(({ Expiration }) => Expiration?.Days ?? []);
  const clears = ours.some(({ AbortIncompleteMultipartUpload: rule }) => rule?.DaysAfterInitiation);
  return [
    judgeExpiry(days.length === 0 ? undefined : Math.min(...days), retentionDays),
    judgeUploads(clears),
  ];
}

function judgeExpiry(
  days: number | undefined,
  retentionDays: LifecycleTerms["retentionDays"],
): Finding {
  if (days === undefined) return wrong("no lifecycle rule ends the life of statements", RULES);
  if (retentionDays === undefined) {
    return unknown(
      `statements expire after ${days} days, and it cannot be seen whether their records go before that`,
      "set RETENTION_DAYS, as pending-scanner has it",
    );
  }
  if (days > retentionDays) {
    return ok(
      `statements expire after ${days} days, their records before that, after ${retentionDays}`,
    );
  }
  return wrong(
    `statements expire after ${days} days, and their records only after ${retentionDays}`,
    "let RETENTION_DAYS be less, or the files live longer: a builder may look for a file that has expired",
  );
}

function judgeUploads(clears: boolean): Finding {
  if (clears) return ok("parts of abandoned uploads are cleared");
  return wrong(
    "no lifecycle rule clears the parts of abandoned uploads, which are paid for",
    RULES,
  );
}
