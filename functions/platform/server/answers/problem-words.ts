/**
 * What each code of a refusal means and what to do, for whoever has sent the event. A number or a list
 * that belongs to it comes with the problem, from whoever knows it; a value that was sent never does.
 */
const WORDS: Readonly<Record<string, string>> = {
  invalid_event: "Several things are wrong.",
  // fields
  required: "It is missing, and must be there.",
  invalid_format: "It is not in the form it must have.",
  unknown_field: "There is no field of this name: leave it out, or see how it is spelt.",
  belongs_in_data: "It belongs inside `data`, not beside it.",
  unsupported_option: "This version cannot do that yet: leave it out.",
  unknown_format: "There is no such format.",
  unknown_language: "Statements are not written in that language.",
  unknown_delimiter: "There is no such delimiter.",
  delimiter_is_comma: "A decimal comma needs another delimiter than a comma.",
  other_statement: "The statement to replace is of another customer or period.",
  callbacks_off: "This installation calls nobody back: leave it out.",
  host_not_allowed:
    "This host is not called back: the platform team lists those that are, with their ports.",
  unknown_time_zone: "There is no such time zone. Its name is like Europe/Berlin.",
  end_before_start: "The last day is before the first one: swap them.",
  no_such_day: "This time zone never had that day: choose another one.",
  period_not_over:
    "The last day is not over yet in this time zone: choose an earlier one, or ask with `partial`.",
  period_not_begun: "The last day is in the future: choose today or an earlier one.",
  period_too_long: "The period is longer than is allowed: ask for shorter ones.",
  // the event
  doubled_key: "It is there twice, as a key of an object or in the address: leave one out.",
  doubled_header: "The header is there twice: leave one out.",
  not_utf8: "Its bytes, or what its percent signs stand for, are no UTF-8.",
  malformed_json:
    "This is no JSON in UTF-8: names and texts stand in double quotes, and no comma before an end.",
  unsupported_specversion: "Events are of CloudEvents 1.0.",
  unsupported_type: "No event of this type is taken here.",
  time_missing:
    "The event has no `time`, and no broker has given it one: say when it was made, as in 2026-01-31T09:30:00Z.",
  time_out_of_window:
    "The event's time is too long ago, or ahead: look at your clock, or ask with a new id.",
  event_conflict:
    "An event with this source and id was sent before, with other data or for another customer: give a new request a new id.",
  too_long: "It is too long.",
  too_many: "The event has too many attributes: leave some out.",
  too_many_events: "The batch holds too many events: send them in several.",
  // who asks
  source_not_allowed: "No requests are taken from this `source` of this sender.",
  source_share_used:
    "The source has as many requests in the ledger as it may have: send it again later.",
  sender_not_allowed: "Nothing is taken from this sender.",
  token_missing: "A token is asked for: send `Authorization: Bearer …`.",
  token_invalid: "The token is not accepted.",
  token_expired: "The token has expired: get a new one.",
  not_of_this_machine: "Only programs of this machine are answered here.",
  // the request
  unknown_path: "There is nothing at this path: events go to `/`.",
  unknown_request: "There is no such request, or it is not yours.",
  not_executed: "The request has no statement, or none yet: see how it stands.",
  statement_gone: "The statement has been deleted from the bucket: ask for a new one.",
  malformed_request: "This is no HTTP request.",
  method_not_allowed: "This method is not taken at this path.",
  too_large: "The body is too large.",
  headers_too_large: "Address and headers are too large together: make them shorter.",
  unsupported_media_type:
    "The content type says neither an event nor a batch, or another encoding than UTF-8 as it is.",
  // later
  request_timeout: "The body did not come in time: send it again.",
  too_many_requests: "That is too much at once: send it again in a moment.",
  busy: "This instance lags behind: send it again in a moment.",
  shutting_down: "This instance is going: send it again.",
  not_ready: "This instance is not ready yet: send it again in a moment.",
  ledger_unavailable: "The ledger does not answer, so nothing is certain: send it again.",
  keys_unavailable:
    "The issuer's keys are not available, so no token can be checked: send it again.",
  deadline_exceeded:
    "It took too long: send it again. An event is recorded once, however often it comes.",
  record_deleted: "The record was deleted in this very moment: send it again.",
  parked_full: "There is no room for events that cannot be read: an operator has to look at them.",
  cancel_unclear: "It is not certain whether the wish to cancel stands: send it again.",
  store_unavailable: "The store does not answer: ask again later.",
  sink_unavailable: "The sink takes no events: send it again later.",
  internal: "Something went wrong here, and the log says what: send it again.",
};

const YES_OR_NO = "true or false, without quotes.";
const AS_ATTRIBUTE =
  "of an event it is a header that begins with ce-, or stands beside `data` in application/cloudevents+json";
const CUSTOMER =
  "A text of letters, digits, dots, hyphens and underscores, at most 63, with a letter or digit at both ends.";

/** What helps at one field more than the general words. */
const WORDS_OF_FIELD: Readonly<Record<string, string>> = {
  "customer_id invalid_format": CUSTOMER,
  "customer invalid_format": CUSTOMER,
  "cursor invalid_format": "It is no cursor: take `next` of the page before as it is.",
  "start_date invalid_format": "A day that there is, from 1970-01-02 on, as in 2026-01-31.",
  "end_date invalid_format": "A day that there is, from 1970-01-02 on, as in 2026-01-31.",
  "time_zone invalid_format": "The name of a time zone, such as Europe/Berlin.",
  "formats invalid_format": "A list of formats, one at least, and each of them once.",
  "partial invalid_format": YES_OR_NO,
  "include_pending invalid_format": YES_OR_NO,
  "combined invalid_format": YES_OR_NO,
  "supersedes invalid_format":
    "The `statement_id` of the earlier statement's manifest, which is the name of its zip without `.zip`.",
  "csv invalid_format": 'An object, such as {"decimal_comma": true}.',
  "csv.bom invalid_format": YES_OR_NO,
  "csv.by_language invalid_format": YES_OR_NO,
  "csv.decimal_comma invalid_format": YES_OR_NO,
  "csv.ids_as_text invalid_format": YES_OR_NO,
  "callback_url invalid_format":
    "An address that begins with https://, of a host by its name, without user, password or fragment, spaces and letters beyond ASCII percent-encoded, of at most 2,048 characters.",
  "id invalid_format": "A text without control characters; numbers go into quotes.",
  "type invalid_format": "A text without control characters, in quotes.",
  "specversion invalid_format": 'The text "1.0", in quotes.',
  "subject invalid_format": "A text without control characters, and not an empty one.",
  "dataschema invalid_format": "A URI, or leave it out.",
  "attributes invalid_format":
    "Names of attributes are lower-case letters and digits; values are texts without control characters, whole numbers, true or false.",
  "source invalid_format": "A URI reference, such as /online-banking.",
  "time invalid_format": "A time as RFC 3339 has it, such as 2026-01-31T09:30:00Z.",
  "datacontenttype invalid_format":
    "The data must be JSON: the header `content-type` (in a structured event `datacontenttype`) is application/json.",
  "data invalid_format":
    "An object with the fields of the request, as JSON: no list of them, and not in quotes.",
  "body invalid_format":
    "An event is a JSON object; a batch (`application/cloudevents-batch+json`) is an array of them.",
  "content-type invalid_format":
    "The body is a whole event: send it as application/cloudevents+json, and a list of them as application/cloudevents-batch+json.",
  "content-type required":
    "The header `content-type` is missing, or is a form's, and the body is no JSON object: send application/json.",
  "id required": `It is missing: ${AS_ATTRIBUTE}.`,
  "source required": `It is missing: ${AS_ATTRIBUTE}.`,
  "type required": `It is missing: ${AS_ATTRIBUTE}.`,
  "specversion required": `It is missing, and is "1.0": ${AS_ATTRIBUTE}.`,
  "data required":
    "The event has no data: its fields go inside `data`, or into the body where attributes are headers.",
};

/** Of every refusal. */
export const PROBLEM_CODES: readonly string[] = Object.keys(WORDS);

/** Where a field has words of its own for the code. */
export function wordsAtFields(code: string) {
  return Object.entries(WORDS_OF_FIELD).flatMap(([key, words]) => {
    const [field = "", itsCode] = key.split(" ");
    return itsCode === code ? [{ field, words }] : [];
  });
}

/** undefined for a code that this version does not know. */
export function knownWords(code: string, field = ""): string | undefined {
  return WORDS_OF_FIELD[`${field} ${code}`] ?? WORDS[code];
}

export function wordsOfProblem(code: string, field?: string): string {
  return knownWords(code, field) ?? `The code is ${code}.`;
}
