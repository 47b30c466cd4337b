/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
import { ApiError } from "./api-error.ts";
import type { KubeObject, TextMap } from "./kube-object.ts";
import { labelValueProblems, qualifiedNameProblems } from "./validation.ts";

export type Selector = (object: KubeObject) => boolean;

interface Requirement {
  readonly key: string;
  readonly operator: "exists" | "!" | "=" | "==" | "!=" | "in" | "notin" | "<" | ">";
  readonly values: readonly string[];
}

const EXISTS = /^(!?)\s*([^\s!=,()<>]+)$/;
const COMPARISON = /^([^\s!=,()<>]+)\s*(==|=|!=|<|>)\s*([^\s!=,()<>]*)$/;
const SET = /^([^\s!=,()<>]+)\s+(in|notin)\s*\(([^()]*)\)$/;

/** @throws ApiError BadRequest */
export function labelSelector(text: string): Selector {
  const requirements = splitOutsideBrackets(text).map(parseRequirement);
  return ({ metadata: { labels = {} } }) =>
    requirements.every((requirement) => isMet(requirement, labels));
}

/** By `metadata.name` and `metadata.namespace`, the fields the API server knows for both kinds. */
export function fieldSelector(text: string): Selector {
  const wanted = splitOutsideBrackets(text).map((part) => {
    const [, field = "", operator = "", value = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
    if (field !== "metadata.name" && field !== "metadata.namespace") {
      const known = '"metadata.name", "metadata.namespace"';
      throw new ApiError("BadRequest", `"${field}" is not a known field selector: only ${known}`);
    }
    return { field, equal: operator !== "!=", value };
  });
  return ({ metadata: { name, namespace = "" } }) =>
    wanted.every(
      ({ field, equal, value }) =>
        ((field === "metadata.name" ? name : namespace) === value) === equal,
    );
}

function parseRequirement(part: string): Requirement {
  const requirement = matchRequirement(part);
  if (!requirement) throw unparsable(`found '${part}', expected a requirement`);
  const problems = [
    ...qualifiedNameProblems(requirement.key),
    ...requirement.values.flatMap(labelValueProblems),
  ];
  if (problems.length > 0) throw unparsable(problems.join("; "));
  return requirement;
}

function matchRequirement(part: string): Requirement | undefined {
  const exists = EXISTS.exec(part);
  if (exists) {
    return { key: exists[2] ?? "", operator: exists[1] === "!" ? "!" : "exists", values: [] };
  }
  const comparison = COMPARISON.exec(part);
  if (comparison) {
    const [, key = "", operator, value = ""] = comparison;
    return { key, operator: operator as Requirement["operator"], values: [value] };
  }
  const [, key, operator, list = ""] = SET.exec(part) ?? [];
  if (key === undefined) return undefined;
  const values = list.split(",").map((value) => value.trim());
  return { key, operator: operator as Requirement["operator"], values };
}

/** `!=` and `notin` are also met without the label, as the API defines them. */
function isMet({ key, operator, values }: Requirement, labels: TextMap): boolean {
  const value = labels[key];
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "=":
    case "==":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "<":
      return isInteger(value) && Number(value) < Number(values[0]);
    case ">":
      return isInteger(value) && Number(value) > Number(values[0]);
  }
}

function isInteger(value: string | undefined): boolean {
  return value !== undefined && /^-?\d+$/.test(value);
}

function splitOutsideBrackets(text: string): string[] {
  if (text.trim() === "") return [];
  return text.split(/,(?![^(]*\))/).map((part) => part.trim());
}

function unparsable(why: string): ApiError {
  return new ApiError("BadRequest", `unable to parse requirement: ${why}`);
}
