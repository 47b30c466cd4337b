/**
 * An S3 store, by its commands: create-only writes, multipart uploads whose abort and completion race,
 * lists in pages. What it says of checksums differs from engine to engine.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import type { CallPort } from "./calls.ts";
import { draw } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { SimulatedProcess } from "./simulated-process.ts";

export interface StoredObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  /** Base64; not of an upload in parts. */
  readonly sha256: string | undefined;
}

export interface Upload {
  readonly key: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly begunAt: number;
}

export interface ObjectStore {
  readonly client: S3Client;
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly uploads: ReadonlyMap<string, Upload>;
}

export interface ObjectStoreOptions {
  readonly seed: number;
  readonly faults: Faults;
  readonly call: CallPort;
  /** What makes an object of this request visible is sent, by a claim of this process. */
  readonly onCreating?: (request: string, holder: string) => void;
  /** That process has its answer, or waits for none any more; until then it was paused last. */
  readonly onCreated?: (request: string, holder: string, pausedUntil: number) => void;
  /** Until when a PutObject of this claim's process creates its object, or never does. */
  readonly landsBy: (request: string, process: string) => number;
  readonly now: () => number;
  /** As SeaweedFS: two uploads of a request that are completed at the same time both win, and the later one is there. */
  readonly isRacing?: boolean;
  /** What lies there from the beginning, by key. */
  readonly present?: readonly StoredObject[];
  readonly onObject: (object: StoredObject, before: StoredObject | undefined) => void;
}

const TIMEOUT_MS = 15_000;
/** Of a request with a body: longer than a lease. */
const CREATE_TIMEOUT_MS = 60_000;
const UPLOADS_A_PAGE = 1;
const FOR_EVER_MS = 90_000;
/** What neither makes an object visible nor takes a part away may come as late as it likes: two leases. */
const LATE_MS = 40_000;

interface OpenUpload extends Upload {
  readonly parts: Map<number, Buffer>;
}

export function makeObjectStore(options: ObjectStoreOptions): ObjectStore {
  const {
    seed,
    faults,
    call,
    landsBy,
    now,
    present = [],
    onCreating,
    onCreated,
    onObject,
  } = options;
  const { isRacing = false } = options;
  /** By key, of what was an upload. */
  const completedAt = new Map<string, number>();
  const objects = new Map(present.map((object) => [object.key, object]));
  const uploads = new Map<string, OpenUpload>();
  const isConfirming = draw(seed, 30) < 0.5;
  let begun = 0;
  let asked = 0;

  function create(object: StoredObject, ifNoneMatch: string | undefined): void {
    const before = objects.get(object.key);
    if (before && ifNoneMatch === "*") throw storeError(412, "PreconditionFailed");
    objects.set(object.key, object);
    onObject(object, before);
  }

  function answer(command: unknown, sentAt: number): object {
    if (command instanceof HeadBucketCommand) return {};
    if (command instanceof HeadObjectCommand) {
      const found = objects.get(command.input.Key ?? "");
      if (!found) throw storeError(404, "NotFound");
      const { bytes, metadata, sha256 } = found;
      return {
        ContentLength: bytes.byteLength,
        Metadata: metadata,
        ...(isConfirming && sha256 !== undefined ? { ChecksumSHA256: sha256 } : {}),
      };
    }
    if (command instanceof GetObjectCommand) {
      const found = objects.get(command.input.Key ?? "");
      if (!found) throw storeError(404, "NoSuchKey");
      return { Body: found.bytes };
    }
    if (command instanceof PutObjectCommand) {
      const { Key: key = "", Body, Metadata: metadata = {}, IfNoneMatch } = command.input;
      const whole = Buffer.from(Body as Buffer);
      const isCut = faults.happens("the store cuts", 20, asked) && key.endsWith(".zip");
      const bytes = isCut ? whole.subarray(0, whole.byteLength - 1) : whole;
      const sha256 = createHash("sha256").update(bytes).digest("base64");
      create({ key, bytes, metadata, sha256 }, IfNoneMatch);
      return isConfirming ? { ChecksumSHA256: sha256 } : {};
    }
    if (command instanceof CreateMultipartUploadCommand) {
      const { Key: key = "", Metadata: metadata = {} } = command.input;
      const UploadId = `upload-${++begun}`;
      uploads.set(UploadId, { key, metadata, parts: new Map(), begunAt: now() });
      return { UploadId };
    }
    if (command instanceof UploadPartCommand) {
      const { UploadId = "", PartNumber = 0, Body } = command.input;
      uploadOf(UploadId).parts.set(PartNumber, Buffer.from(Body as Buffer));
      return { ETag: `"${PartNumber}"`, ChecksumSHA256: command.input.ChecksumSHA256 };
    }
    if (command instanceof CompleteMultipartUploadCommand) {
      const { UploadId = "", MultipartUpload, IfNoneMatch } = command.input;
      const { key, metadata, parts } = uploadOf(UploadId);
      const bytes = (MultipartUpload?.Parts ?? []).map(({ PartNumber = 0 }) => {
        const part = parts.get(PartNumber);
        if (!part) throw storeError(400, "InvalidPart");
        return part;
      });
      // It looked for another one when it came, not when it writes.
      const isOneMoment =
        isRacing &&
        (completedAt.get(key) ?? -Infinity) >= sentAt &&
        objects.get(key)?.metadata["request-id"] === metadata["request-id"];
      const object = { key, metadata, bytes: Buffer.concat(bytes), sha256: undefined };
      create(object, isOneMoment ? undefined : IfNoneMatch);
      completedAt.set(key, now());
      uploads.delete(UploadId);
      return {};
    }
    if (command instanceof AbortMultipartUploadCommand) {
      const { UploadId = "" } = command.input;
      uploadOf(UploadId);
      uploads.delete(UploadId);
      return {};
    }
    if (command instanceof ListMultipartUploadsCommand) {
      const { Prefix = "" } = command.input;
      const all = [...uploads].filter(([, { key }]) => key.startsWith(Prefix));
      const page = all.slice(0, UPLOADS_A_PAGE);
      return {
        Uploads: page.map(([UploadId, { key }]) => ({ Key: key, UploadId })),
        IsTruncated: all.length > page.length,
      };
    }
    throw new Error("a command that the simulated store does not know");
  }

  function uploadOf(id: string): OpenUpload {
    const upload = uploads.get(id);
    if (!upload) throw storeError(404, "NoSuchUpload");
    return upload;
  }

  async function send(
    command: { readonly input: Record<string, unknown> },
    { abortSignal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<object> {
    const number = asked++;
    const name = command.constructor.name.replace(/Command$/, "");
    const isCompleting = command instanceof CompleteMultipartUploadCommand;
    const isCreating = isCompleting || command instanceof PutObjectCommand;
    const key = command.input["Key"] ?? command.input["Prefix"];
    const { Metadata, UploadId = "" } = command.input as {
      readonly Metadata?: Record<string, string>;
      readonly UploadId?: string;
    };
    const { "request-id": request = "", claim = "" } =
      Metadata ?? uploads.get(UploadId)?.metadata ?? {};
    const process = SimulatedProcess.current();
    const by = process?.name ?? "";
    const isOfStatement = isCreating && request !== "";
    const holder = `${by}/${claim}`;
    if (isOfStatement) onCreating?.(request, holder);
    const sentAt = now();
    // A client says of an answer how often it has asked.
    let attempts = 0;
    const answered = call<object>({
      place: key as string | undefined,
      what: `${name} ${typeof key === "string" ? key : ""}`,
      effect: () => {
        attempts++;
        return { ...answer(command, sentAt), $metadata: { httpStatusCode: 200, attempts } };
      },
      refused: () => {
        const chance = draw(seed, 31, number);
        if (isCreating && chance < 0.3) throw storeError(409, "ConditionalRequestConflict");
        throw chance < 0.6 ? storeError(503, "SlowDown") : storeError(403, "AccessDenied");
      },
      unanswered: () => Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }),
      aborted: () => Object.assign(new Error("Request aborted"), { name: "AbortError" }),
      signal: abortSignal,
      timeoutMs: isCreating ? CREATE_TIMEOUT_MS : TIMEOUT_MS,
      isRepeated: true,
      isDecisive: isCreating,
      landsWithinMs: landsWithin(command, request, by),
      tell: told,
    });
    const onOver = (): void => onCreated?.(request, holder, process?.pausedUntil ?? 0);
    if (isOfStatement) answered.then(onOver, onOver);
    const output = await answered;
    const { Body } = output as { readonly Body?: Buffer };
    return Body ? { ...output, Body: inPieces(Body, number) } : output;
  }

  function landsWithin(command: unknown, request: string, by: string): number {
    // A completion may come ever so late: the fence is there for it.
    if (command instanceof CompleteMultipartUploadCommand) return FOR_EVER_MS;
    if (command instanceof PutObjectCommand) return Math.max(0, landsBy(request, by) - now());
    return LATE_MS;
  }

  async function* inPieces(body: Buffer, number: number): AsyncGenerator<Buffer> {
    const half = body.byteLength >> 1;
    yield await Promise.resolve(body.subarray(0, half));
    if (faults.happens("body breaks off", 60, SimulatedProcess.current()?.key ?? 0, number))
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    yield body.subarray(half);
  }

  const config = { requestChecksumCalculation: async () => await Promise.resolve("WHEN_REQUIRED") };
  return {
    objects,
    uploads,
    client: { send, config, destroy: () => undefined } as unknown as S3Client,
  };
}

function storeError(httpStatusCode: number, name: string): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
}

function told(output: object): string {
  const { Metadata, Uploads } = output as {
    readonly Metadata?: Readonly<Record<string, string>>;
    readonly Uploads?: readonly object[];
  };
  if (Uploads) return `${Uploads.length} uploads`;
  return Metadata ? `there, of attempt ${Metadata["attempt"] ?? "?"}` : "done";
}
