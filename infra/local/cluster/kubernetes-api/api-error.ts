/**
 * Refusals, in the form and with the reasons of the Kubernetes API:
 * https://github.com/kubernetes/community/blob/main/contributors/devel/sig-architecture/api-conventions.md#response-status-kind
 */
const CODE = {
  AlreadyExists: 409,
  BadRequest: 400,
  Conflict: 409,
  Expired: 410,
  Forbidden: 403,
  Invalid: 422,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  NotFound: 404,
  NotImplemented: 501,
  RequestEntityTooLarge: 413,
  Timeout: 504,
  Unauthorized: 401,
  UnsupportedMediaType: 415,
} as const;

export type Reason = keyof typeof CODE;

export interface StatusDetails {
  readonly name?: string;
  /** The plural of the resource; of an object that is not valid, its kind. */
  readonly kind?: string;
  readonly group?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

export interface Cause {
  readonly reason:
    | "FieldValueForbidden"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueRequired"
    | "FieldValueTooLong"
    | "ResourceVersionTooLarge";
  readonly message: string;
  readonly field?: string;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly reason: Reason | undefined;
  readonly details: StatusDetails | undefined;
  /** With `Expired` on a page of a list: a token that goes on behind it, in a newer state. */
  readonly continueToken: string | undefined;

  /** Without a reason it is what the API server says of an error it did not expect: code 500. */
  constructor(
    reason: Reason | undefined,
    message: string,
    details?: StatusDetails,
    continueToken?: string,
  ) {
    super(message);
    this.reason = reason;
    this.code = reason === undefined ? 500 : CODE[reason];
    this.details = details;
    this.continueToken = continueToken;
  }
}

export function statusOf(error: ApiError): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: { continue: error.continueToken },
    status: "Failure",
    message: error.message,
    reason: error.reason,
    details: error.details,
    code: error.code,
  };
}

export function notFound(plural: string, name: string): ApiError {
  return new ApiError("NotFound", `${plural} "${name}" not found`, { name, kind: plural });
}

export function conflict(plural: string, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${plural} "${name}": ${why}`;
  return new ApiError("Conflict", message, { name, kind: plural });
}

/** An object whose fields break the rules of its kind. */
export function invalid(kind: string, name: string, causes: readonly Cause[]): ApiError {
  const texts = causes.map(({ field = "", message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts.join("") : `[${texts.join(", ")}]`;
  const details = { ...(name !== "" && { name }), kind, causes };
  return new ApiError("Invalid", `${kind} "${name}" is invalid: ${list}`, details);
}

/** A query parameter or an option in a body that breaks the rules of its kind. */
export function invalidOption(kind: string, cause: Cause): ApiError {
  const message = `${kind}.meta.k8s.io "" is invalid: ${cause.field ?? ""}: ${cause.message}`;
  return new ApiError("Invalid", message, { group: "meta.k8s.io", kind, causes: [cause] });
}
