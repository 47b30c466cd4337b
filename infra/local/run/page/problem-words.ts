/** What intake's codes say to somebody in front of a form, where that is not what they say to a program's author. */
import { knownWords } from "../../../../functions/platform/server/problem-words.ts";

const WORDS: Readonly<Record<string, string>> = {
  required: "Fill this in.",
  invalid_format: "This is not in the form it must have.",
  unknown_field: "Intake knows no field of this name.",
  unsupported_option: "This version cannot do that yet: leave it out.",
  unknown_format: "This version writes no such file: leave it out.",
  unknown_language: "This version does not write in that language: choose another one.",
  unknown_delimiter: "Choose a comma, a semicolon, a tab or a bar.",
  belongs_in_data: "Intake looks for this inside the data: reload the page.",
  doubled_key: "A field stands there twice: leave one out.",
  not_utf8: "An attribute of the event is no UTF-8: reload the page.",
  malformed_json: "Intake cannot read this: reload the page.",
  unsupported_specversion: "Intake takes CloudEvents 1.0 only: reload the page.",
  unsupported_type: "Intake takes no event of this type: reload the page.",
  unknown_path: "There is no intake at this address: is the run a current one?",
  time_missing: "The event had no time.",
  time_out_of_window: "The event's time is too far from now: is this machine's clock right?",
  period_not_over: "The last day is not over yet in this time zone: choose an earlier one.",
  period_too_long: "That is a longer period than is allowed (24 months unless set otherwise).",
  event_conflict: "This very event was sent before with other fields: send it again as a new one.",
  source_not_allowed: "Intake takes no requests from this page: ALLOWED_SOURCES does not name it.",
  source_share_used:
    "This page has as many requests in the ledger as one source may have: wait until some are deleted.",
  token_missing: "Intake asks for a token: start the run with INTAKE_TOKEN set.",
  token_invalid: "Intake does not accept the token of INTAKE_TOKEN.",
  token_expired: "The token of INTAKE_TOKEN has expired.",
  too_long: "An attribute of the event is longer than intake takes: shorten it.",
  too_many: "The event has more attributes than intake takes: leave some out.",
  too_many_events: "The batch holds more events than intake takes: send them in several.",
  too_many_requests: "That was too much at once: wait a moment and send it again.",
  not_ready: "Intake is not ready yet: send it again in a moment.",
  shutting_down: "Intake is going: send it again once it is back.",
  sender_not_allowed: "Intake takes nothing from whoever INTAKE_TOKEN says this is.",
  ledger_unavailable: "The ledger does not answer, so nothing was recorded: send it again.",
};

/** What helps at one field more than the general words. */
const WORDS_OF_FIELD: Readonly<Record<string, string>> = {
  "start_date invalid_format": "There is no such day, or it is before 1970-01-02.",
  "end_date invalid_format": "There is no such day, or it is before 1970-01-02.",
  "time_zone invalid_format": "There is no such time zone. Its name is like Europe/Berlin.",
};

export function wordsOfProblem(field: string, code: string): string {
  const own = WORDS_OF_FIELD[`${field} ${code}`] ?? WORDS[code];
  return own ?? knownWords(code, field) ?? `Intake says: ${code}.`;
}
