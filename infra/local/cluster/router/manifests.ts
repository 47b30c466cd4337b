/** Reads a folder of manifests as `kubectl apply -k` would: what its kustomization.yaml lists. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { parseClusterAddress } from "./cluster-address.ts";
import {
  type Broker,
  type Destination,
  eventingObject,
  type EventingObject,
  kustomization,
  type PingSource,
  type SinkBinding,
  type Trigger,
} from "./manifest-schema.ts";

export interface Eventing {
  readonly brokers: readonly Broker[];
  readonly triggers: readonly Trigger[];
  readonly pingSources: readonly PingSource[];
  readonly sinkBindings: readonly SinkBinding[];
}

/** Says the file, the field and what is wrong with it, one problem to a line. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

interface ManifestFile {
  readonly file: string;
  readonly object: EventingObject;
}

/**
 * @param services names of the Knative Services that exist; a manifest may name no other
 * @throws ManifestError for anything a cluster would refuse or the local router does not know
 */
export async function readEventing(folder: string, services: readonly string[]): Promise<Eventing> {
  const { resources } = await readManifest(join(folder, "kustomization.yaml"), kustomization);
  const files = await Promise.all(
    resources.map(async (resource): Promise<ManifestFile> => {
      const file = join(folder, resource);
      return { file, object: await readManifest(file, eventingObject) };
    }),
  );
  const problems = files.flatMap((one) => danglingReferences(one, files, services));
  if (problems.length > 0) throw new ManifestError(problems.join("\n"));
  const objects = files.map(({ object }) => object);
  return {
    brokers: objects.filter((object) => object.kind === "Broker"),
    triggers: objects.filter((object) => object.kind === "Trigger"),
    pingSources: objects.filter((object) => object.kind === "PingSource"),
    sinkBindings: objects.filter((object) => object.kind === "SinkBinding"),
  };
}

async function readManifest<S extends z.ZodType>(file: string, schema: S): Promise<z.infer<S>> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ManifestError(`${file}: cannot be read`, { cause });
  });
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax) throw new ManifestError(`${file}: ${syntax.message}`);
  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  throw new ManifestError(parsed.error.issues.flatMap((issue) => lines(file, issue)).join("\n"));
}

function lines(file: string, issue: z.core.$ZodIssue): string[] {
  const at = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [`${file}: ${at}: ${issue.message}`];
  return issue.keys.map(
    (key) => `${file}: ${at === "" ? key : `${at}.${key}`}: not known to the local router`,
  );
}

// --- references --------------------------------------------------------------------------------

function danglingReferences(
  { file, object }: ManifestFile,
  files: readonly ManifestFile[],
  services: readonly string[],
): string[] {
  const exists = (kind: string, name: string): boolean =>
    kind === "Service"
      ? services.includes(name)
      : files.some((one) => one.object.kind === kind && one.object.metadata.name === name);
  return references(object)
    .filter(({ kind, name }) => !exists(kind, name))
    .map(({ at, kind, name }) => `${file}: ${at}: there is no ${kind} named ${name}`);
}

interface Reference {
  readonly at: string;
  readonly kind: string;
  readonly name: string;
}

function references(object: EventingObject): Reference[] {
  switch (object.kind) {
    case "Broker":
      return to("spec.delivery.deadLetterSink", object.spec?.delivery?.deadLetterSink);
    case "Trigger":
      return [
        { at: "spec.broker", kind: "Broker", name: object.spec.broker },
        ...to("spec.subscriber", object.spec.subscriber),
        ...to("spec.delivery.deadLetterSink", object.spec.delivery?.deadLetterSink),
      ];
    case "PingSource":
      return to("spec.sink", object.spec.sink);
    case "SinkBinding":
      return [
        { at: "spec.subject", kind: "Service", name: object.spec.subject.name },
        ...to("spec.sink", object.spec.sink),
      ];
    case "EventType":
      return [];
  }
}

function to(at: string, destination: Destination | undefined): Reference[] {
  if (!destination) return [];
  if (!("ref" in destination)) {
    const local = parseClusterAddress(destination.uri);
    return local ? [{ at: `${at}.uri`, kind: "Service", name: local.service }] : [];
  }
  return [{ at: `${at}.ref`, kind: destination.ref.kind, name: destination.ref.name }];
}
