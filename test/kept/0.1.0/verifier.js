// functions/domain/statement-key.ts
var KEY = /^(?<customer>[A-Za-z0-9._-]+)-(?<start>\d+)-(?<end>\d+)-(?<uploaded>\d{13})\.zip$/;
function parseStatementKey(key) {
  const groups = KEY.exec(key.slice(key.lastIndexOf("/") + 1))?.groups;
  if (!groups) return void 0;
  return {
    customerId: groups["customer"] ?? "",
    startEpoch: Number(groups["start"]),
    endEpoch: Number(groups["end"]),
    uploadedAt: Number(groups["uploaded"])
  };
}

// infra/consumer/created-object.ts
var CREATED = /^(?:s3:)?ObjectCreated:/;
function readCreatedObject(record2) {
  if (field(record2, "source") === "aws.s3") return readEventBridge(record2);
  const eventName = field(record2, "eventName");
  if (typeof eventName !== "string" || field(record2, "s3") === void 0) return "unreadable";
  if (!CREATED.test(eventName)) return "not_created";
  const object = field(record2, "s3", "object");
  return createdObject({
    bucket: field(record2, "s3", "bucket", "name"),
    key: keyOf(record2, eventName),
    eTag: field(object, "eTag"),
    versionId: field(object, "versionId"),
    object
  });
}
function readEventBridge(event) {
  if (field(event, "detail-type") !== "Object Created") return "not_created";
  const object = field(event, "detail", "object");
  return createdObject({
    bucket: field(event, "detail", "bucket", "name"),
    key: field(object, "key"),
    eTag: field(object, "etag"),
    versionId: field(object, "version-id"),
    object
  });
}
function createdObject(found) {
  const bucket = textOf(found.bucket);
  const key = textOf(found.key);
  if (bucket === void 0 || key === void 0) return "unreadable";
  const size = field(found.object, "size");
  const versionId = textOf(found.versionId);
  return {
    bucket,
    key,
    size: typeof size === "number" ? size : void 0,
    eTag: textOf(found.eTag)?.replaceAll('"', ""),
    versionId: versionId === "null" ? void 0 : versionId,
    sequencer: textOf(field(found.object, "sequencer"))
  };
}
function keyOf(record2, eventName) {
  const key = field(record2, "s3", "object", "key");
  const isPlain = field(record2, "eventSource") === "aws:s3" && eventName.startsWith("s3:");
  if (typeof key !== "string" || isPlain) return key;
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}
function field(value, ...path) {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) {
      return void 0;
    }
    found = Reflect.get(found, name);
  }
  return found;
}
function textOf(value) {
  return typeof value === "string" && value !== "" ? value : void 0;
}

// infra/consumer/s3-event.ts
var MAX_DEPTH = 16;
function parseS3Event(message) {
  return read(message, { depth: 0, messageId: void 0 });
}
function read(message, wrapping) {
  if (wrapping.depth > MAX_DEPTH) return [unreadable("wrapped too deeply", wrapping)];
  const inner = { ...wrapping, depth: wrapping.depth + 1 };
  if (typeof message === "string") return readText(message, inner);
  if (Array.isArray(message)) return message.flatMap((one) => read(one, inner));
  if (typeof message !== "object" || message === null) {
    return [unreadable("neither an object nor a list", wrapping)];
  }
  return unwrap(message, inner);
}
function readText(text2, wrapping) {
  let message;
  try {
    message = JSON.parse(text2);
  } catch {
    return [unreadable("not JSON", wrapping)];
  }
  if (typeof message === "string") return [unreadable("a text, not an object", wrapping)];
  return read(message, wrapping);
}
function unwrap(message, wrapping) {
  const { messageId } = wrapping;
  if (field(message, "Event") === "s3:TestEvent") {
    return [{ kind: "ignored", reason: "test_event", messageId }];
  }
  const batch = field(message, "Records") ?? field(message, "Messages");
  if (Array.isArray(batch)) return read(batch, wrapping);
  const body = field(message, "body") ?? field(message, "Body");
  if (body !== void 0) {
    const id = field(message, "messageId") ?? field(message, "MessageId");
    return read(body, { ...wrapping, messageId: typeof id === "string" ? id : messageId });
  }
  const sns = field(message, "Sns");
  if (sns !== void 0) return read(sns, wrapping);
  if (typeof field(message, "TopicArn") === "string") {
    if (field(message, "Type") === "Notification") return read(field(message, "Message"), wrapping);
    return [{ kind: "ignored", reason: "subscription", messageId }];
  }
  return [readObject(message, wrapping)];
}
function readObject(record2, wrapping) {
  const { messageId } = wrapping;
  const object = readCreatedObject(record2);
  if (object === "unreadable") return unreadable("an event of no known form", wrapping);
  if (object === "not_created") return { kind: "ignored", reason: "not_created", messageId };
  const statement = parseStatementKey(object.key);
  if (!statement) return { kind: "ignored", reason: "not_a_statement", messageId };
  return { kind: "statement", ...object, statement, dedupeKey: dedupeKey(object), messageId };
}
function dedupeKey({ bucket, key, versionId, sequencer }) {
  return JSON.stringify([bucket, key, versionId ?? "", sequencer ?? ""]);
}
function unreadable(problem, { messageId }) {
  return { kind: "unreadable", problem, messageId };
}

// functions/domain/csv-reader.ts
var MalformedCsv = class extends Error {
  name = "MalformedCsv";
};
var MAX_RECORD = 4 * 1024 * 1024;
var CsvReader = class {
  #onRecord;
  #delimiter;
  #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #rest = "";
  constructor(onRecord, delimiter = ",") {
    this.#onRecord = onRecord;
    this.#delimiter = delimiter;
  }
  /** @throws MalformedCsv, or what the record's reader throws */
  write(bytes) {
    this.#read(this.#decode(bytes));
  }
  end() {
    this.#read(this.#decode());
    if (this.#rest !== "") throw new MalformedCsv("the last line has no end");
  }
  #decode(bytes) {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== void 0 });
    } catch {
      throw new MalformedCsv("not UTF-8");
    }
  }
  #read(text2) {
    this.#rest += text2;
    let at = 0;
    for (; ; ) {
      const end = recordEnd(this.#rest, at);
      if (end < 0) break;
      this.#onRecord(splitRecord(this.#rest.slice(at, end), this.#delimiter));
      at = end + 2;
    }
    this.#rest = this.#rest.slice(at);
    if (this.#rest.length > MAX_RECORD) throw new MalformedCsv("a line is too long");
  }
};
function recordEnd(text2, from) {
  let at = from;
  for (; ; ) {
    const end = text2.indexOf("\r\n", at);
    if (end < 0) return -1;
    const quote = text2.indexOf('"', at);
    if (quote < 0 || quote > end) return end;
    const closing = text2.indexOf('"', quote + 1);
    if (closing < 0) return -1;
    at = closing + 1;
  }
}
function splitRecord(record2, delimiter) {
  if (!record2.includes('"')) return record2.split(delimiter);
  const fields = [];
  for (let at = 0; at <= record2.length; ) {
    const read2 = record2[at] === '"' ? quoted : plain;
    const [field2, next] = read2(record2, at, delimiter);
    fields.push(field2);
    at = next + 1;
  }
  return fields;
}
function plain(record2, from, delimiter) {
  const found = record2.indexOf(delimiter, from);
  const end = found < 0 ? record2.length : found;
  const field2 = record2.slice(from, end);
  if (field2.includes('"')) throw new MalformedCsv("a quote inside a field without quotes");
  return [field2, end];
}
function quoted(record2, from, delimiter) {
  let value = "";
  for (let at = from + 1; ; ) {
    const quote = record2.indexOf('"', at);
    if (quote < 0) throw new MalformedCsv("a quote that does not close");
    value += record2.slice(at, quote);
    const next = record2[quote + 1];
    if (next === void 0 || next === delimiter) return [value, quote + 1];
    if (next !== '"') throw new MalformedCsv("text behind a closing quote");
    value += '"';
    at = quote + 2;
  }
}

// functions/domain/csv-dialect.ts
var DELIMITERS = [",", ";", "	", "|"];
var BYTE_ORDER_MARK = "\uFEFF";
function dialectOfHeader(header, [first, second]) {
  const bom = header.startsWith(BYTE_ORDER_MARK);
  const text2 = bom ? header.slice(1) : header;
  const delimiter = DELIMITERS.find((one) => text2.startsWith(`${first}${one}${second}${one}`));
  return delimiter && { bom, delimiter };
}

// functions/domain/manifest.ts
var MANIFEST_SCHEMA = "https://transactions-collector.io/schemas/manifest.v1.json";
var TRANSACTIONS_FILE = "transactions.csv";
var BALANCES_FILE = "balances.csv";
var PENDING_FILE = "pending.csv";
var MANIFEST_FILE = "manifest.json";
var SIGNATURE_FILE = "manifest.jws";
var SUMS_FILE = "SHA256SUMS";
var CSV_EOL = "\r\n";
var TRANSACTION_COLUMNS = [
  "line",
  "account_id",
  "transaction_id",
  "booking_date",
  "posted_at",
  "value_date",
  "status",
  "credit_debit",
  "amount",
  "currency",
  "balance_after",
  "type",
  "description",
  "counterparty_name",
  "counterparty_account",
  "reference",
  "reversal_of"
];
var BALANCE_COLUMNS = [
  "account_id",
  "currency",
  "opening",
  "credit_count",
  "credit_sum",
  "debit_count",
  "debit_sum",
  "net",
  "closing"
];
var TRANSACTION_AMOUNTS = ["amount", "balance_after"];
var BALANCE_AMOUNTS = ["opening", "credit_sum", "debit_sum", "net", "closing"];

// functions/domain/manifest-shape.ts
var text = { accepts: (value) => typeof value === "string", schema: { type: "string" } };
var flag = { accepts: (value) => typeof value === "boolean", schema: { type: "boolean" } };
var integer = { accepts: Number.isSafeInteger, schema: { type: "integer" } };
var whole = {
  accepts: (value) => Number.isSafeInteger(value) && value >= 0,
  schema: { type: "integer", minimum: 0 }
};
var instant = pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
var hash = pattern(/^[0-9a-f]{64}$/);
function pattern(form) {
  return {
    accepts: (value) => typeof value === "string" && form.test(value),
    schema: { type: "string", pattern: form.source }
  };
}
function is(expected) {
  return { accepts: (value) => value === expected, schema: { const: expected } };
}
function oneOf(texts) {
  return { accepts: (value) => texts.some((one) => one === value), schema: { enum: texts } };
}
function orNull(shape) {
  return {
    accepts: (value) => value === null || shape.accepts(value),
    schema: { anyOf: [shape.schema, { type: "null" }] }
  };
}
function listOf(shape) {
  return {
    accepts: (value) => Array.isArray(value) && value.every((one) => shape.accepts(one)),
    schema: { type: "array", items: shape.schema }
  };
}
function record(fields, exact = false) {
  const names = Object.keys(fields);
  const schemas = Object.entries(fields).map(([name, { schema }]) => [name, schema]);
  return {
    accepts: (value) => typeof value === "object" && value !== null && !Array.isArray(value) && (!exact || Object.keys(value).length === names.length) && Object.entries(fields).every(
      ([name, shape]) => Object.hasOwn(value, name) && shape.accepts(Reflect.get(value, name))
    ),
    schema: {
      type: "object",
      properties: Object.fromEntries(schemas),
      required: names,
      ...exact && { additionalProperties: false }
    }
  };
}
var sum = record({ count: whole, sum: text }, true);
var manifest = record({
  schema: is(MANIFEST_SCHEMA),
  statement_id: text,
  request_id: text,
  attempt: whole,
  supersedes: orNull(text),
  customer_id: text,
  accounts: listOf(record({ account_id: text, currency: text }, true)),
  period: record({
    ...{ start_date: text, end_date: text, time_zone: text, from: instant, to: instant },
    ...{ from_epoch: integer, to_epoch: integer },
    end_inclusive: is(true)
  }),
  as_of: instant,
  generated_at: instant,
  generator: record({ name: text, version: text }),
  rows: whole,
  totals: listOf(
    record(
      {
        ...{ account_id: text, currency: text, minor_unit: whole, opening: text },
        ...{ credits: sum, debits: sum, net: text, closing: text }
      },
      true
    )
  ),
  content_sha256: hash,
  files: listOf(
    record({ path: text, media_type: text, bytes: whole, sha256: hash, rows: orNull(whole) })
  ),
  checks: listOf(record({ name: text, result: is("passed") })),
  partial: flag,
  pending_included: flag,
  masking: record({ counterparty_account: oneOf(["last_four", "none"]) }),
  formats: listOf(text),
  language: text,
  csv: record({ bom: flag, delimiter: oneOf(DELIMITERS), decimal_comma: flag })
});
function isManifest(value) {
  return manifest.accepts(value);
}
var MANIFEST_JSON_SCHEMA = manifest.schema;

// functions/domain/wrong-statement.ts
var WrongStatement = class extends Error {
  name = "WrongStatement";
};

// functions/domain/manifest-signature.ts
var SIGNATURE_ALGORITHMS = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" }
};
async function checkSignature(jws, manifest2, keys) {
  const [header = "", payload, signature2 = "", ...more] = jws.trim().split(".");
  const { alg, kid, ...others } = headerOf(header);
  const isKnown = typeof alg === "string" && isAlgorithm(alg) && !("crit" in others);
  if (payload !== "" || more.length > 0 || !isKnown) {
    throw new WrongStatement("the manifest's signature has a form that is not known");
  }
  const signed = new TextEncoder().encode(`${header}.${base64url(manifest2)}`);
  for (const key of keys) {
    if (key["kid"] !== void 0 && kid !== void 0 && key["kid"] !== kid) continue;
    if (await isSignedBy(key, alg, fromBase64url(signature2), signed)) {
      return { algorithm: alg, keyId: typeof kid === "string" ? kid : void 0 };
    }
  }
  throw new WrongStatement("the manifest is not signed by one of the keys");
}
function isAlgorithm(name) {
  return Object.hasOwn(SIGNATURE_ALGORITHMS, name);
}
async function isSignedBy(key, name, signature2, signed) {
  const algorithm = SIGNATURE_ALGORITHMS[name];
  try {
    const { kid: _kid, use: _use, alg: _alg, key_ops: _keyOps, ...material } = key;
    const imported = await crypto.subtle.importKey("jwk", material, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, imported, signature2, signed);
  } catch {
    return false;
  }
}
function headerOf(encoded) {
  try {
    const value = JSON.parse(new TextDecoder().decode(fromBase64url(encoded)));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
function base64url(text2) {
  const bytes = Array.from(new TextEncoder().encode(text2), (byte) => String.fromCharCode(byte));
  return btoa(bytes.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
function fromBase64url(text2) {
  try {
    const binary = atob(text2.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

// functions/domain/sha256.ts
function makeSha256() {
  const { process: process2 } = globalThis;
  const crypto2 = process2?.getBuiltinModule?.("node:crypto");
  if (!crypto2) return makePortableSha256();
  const hash2 = crypto2.createHash("sha256");
  return {
    update: (bytes) => void hash2.update(bytes),
    digest: () => hash2.digest("hex")
  };
}
var BLOCK = 64;
var { INITIAL, K } = makeConstants();
function makePortableSha256() {
  const state = Uint32Array.from(INITIAL);
  const block = new Uint8Array(BLOCK);
  let filled = 0;
  let length = 0;
  const add = (bytes) => {
    for (const byte of bytes) {
      block[filled++] = byte;
      if (filled < BLOCK) continue;
      compress(state, block);
      filled = 0;
    }
  };
  return {
    update(bytes) {
      length += bytes.length;
      add(bytes);
    },
    digest() {
      const end = new Uint8Array(8);
      new DataView(end.buffer).setBigUint64(0, BigInt(length) * 8n);
      add(Uint8Array.of(128));
      while (filled !== BLOCK - 8) add(Uint8Array.of(0));
      add(end);
      return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
    }
  };
}
function compress(state, block) {
  const w = new Uint32Array(BLOCK);
  const view = new DataView(block.buffer);
  const at = (i) => w[i] ?? 0;
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(i * 4);
  for (let i = 16; i < BLOCK; i++) {
    const [a2, b2] = [at(i - 15), at(i - 2)];
    const s0 = rotate(a2, 7) ^ rotate(a2, 18) ^ a2 >>> 3;
    const s1 = rotate(b2, 17) ^ rotate(b2, 19) ^ b2 >>> 10;
    w[i] = at(i - 16) + s0 + at(i - 7) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < BLOCK; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = h + s1 + (e & f ^ ~e & g) + (K[i] ?? 0) + at(i) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = s0 + (a & b ^ a & c ^ b & c) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, d + t1 | 0, c, b, a, t1 + t2 | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => state[i] = (state[i] ?? 0) + word);
}
function rotate(word, bits) {
  return word >>> bits | word << 32 - bits;
}
function makeConstants() {
  const primes = [];
  for (let n = 2; primes.length < BLOCK; n++) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  const bits = (root) => (root - Math.floor(root)) * 2 ** 32 >>> 0;
  return {
    INITIAL: primes.slice(0, 8).map((prime) => bits(Math.sqrt(prime))),
    K: Uint32Array.from(primes, (prime) => bits(Math.cbrt(prime)))
  };
}

// functions/domain/csv-field.ts
var NEEDS_QUOTES = /[",\r\n]/;
function quoteField(field2) {
  return NEEDS_QUOTES.test(field2) ? `"${field2.replaceAll('"', '""')}"` : field2;
}

// functions/domain/statement-table.ts
var MAX_HEADER_BYTES = 1024;
var StatementTable = class {
  #table;
  #amounts;
  #encoder = new TextEncoder();
  #head = new Uint8Array();
  #dialect;
  #reader;
  #points = false;
  #commas = false;
  lines = 0;
  constructor(table) {
    this.#table = table;
    this.#amounts = table.amounts.map((name) => table.columns.indexOf(name));
  }
  write(bytes) {
    if (this.#reader) this.#read(bytes);
    else this.#readHeader(bytes);
  }
  end() {
    if (!this.#reader) throw this.#wrong("has other columns");
    this.#reader.end();
  }
  /** @throws WrongStatement when the table is not written as the manifest says. */
  checkDialect({ csv }) {
    const { bom, delimiter } = this.#dialect ?? {};
    const mark = csv.decimal_comma ? this.#points : this.#commas;
    if (bom !== csv.bom || delimiter !== csv.delimiter || mark) {
      throw this.#wrong("is not written as the manifest says");
    }
  }
  #readHeader(bytes) {
    const head = new Uint8Array(this.#head.length + bytes.length);
    head.set(this.#head);
    head.set(bytes, this.#head.length);
    this.#head = head;
    const end = head.indexOf(10) + 1;
    if (end > 0) this.#begin(head.subarray(0, end), head.subarray(end));
    else if (head.length > MAX_HEADER_BYTES) throw this.#wrong("has other columns");
  }
  #begin(header, rest) {
    const { columns } = this.#table;
    const text2 = new TextDecoder("utf-8", { ignoreBOM: true }).decode(header);
    const dialect = dialectOfHeader(text2, columns);
    const expected = columns.join(dialect?.delimiter) + CSV_EOL;
    if (!dialect || text2.slice(dialect.bom ? 1 : 0) !== expected) {
      throw this.#wrong("has other columns");
    }
    this.#dialect = dialect;
    this.#reader = new CsvReader((fields) => this.#line(fields), dialect.delimiter);
    this.#head = new Uint8Array();
    this.#read(rest);
  }
  #read(bytes) {
    if (this.#isCanonical) this.#table.onBytes?.(bytes);
    this.#reader?.write(bytes);
  }
  /** Behind the header there is then no difference: a decimal comma needs another delimiter. */
  get #isCanonical() {
    return this.#dialect?.delimiter === ",";
  }
  #line(fields) {
    this.lines += 1;
    if (fields.length !== this.#table.columns.length) {
      throw this.#wrong(`line ${this.lines} has another number of fields`);
    }
    const canonical = [...fields];
    for (const column of this.#amounts) {
      const amount = fields[column] ?? "";
      this.#points ||= amount.includes(".");
      this.#commas ||= amount.includes(",");
      if (!this.#isCanonical) canonical[column] = amount.replace(",", ".");
    }
    if (!this.#isCanonical) {
      const line = canonical.map(quoteField).join(",") + CSV_EOL;
      this.#table.onBytes?.(this.#encoder.encode(line));
    }
    this.#table.onLine(canonical, this.lines);
  }
  #wrong(what) {
    return new WrongStatement(`${this.#table.path}: ${what}`);
  }
};

// functions/domain/money.ts
var MINOR_UNITS = {
  ...{ BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0 },
  ...{ UYI: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0 },
  ...{ BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3 },
  ...{ CLF: 4, UYW: 4 }
};
var DEFAULT_MINOR_UNIT = 2;
function minorUnit(currency) {
  return Object.hasOwn(MINOR_UNITS, currency) ? MINOR_UNITS[currency] ?? DEFAULT_MINOR_UNIT : DEFAULT_MINOR_UNIT;
}
var DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
function parseAmount(decimal, scale) {
  const match = DECIMAL.exec(decimal);
  if (!match) return void 0;
  const [, sign = "", whole2 = "", fraction = ""] = match;
  if (/[^0]/.test(fraction.slice(scale))) return void 0;
  return BigInt(`${sign}${whole2}${fraction.slice(0, scale).padEnd(scale, "0")}`);
}
function formatAmount(minor, scale) {
  const negative = minor < 0n;
  const digits = String(negative ? -minor : minor).padStart(scale + 1, "0");
  const point = digits.length - scale;
  const fraction = scale === 0 ? "" : `.${digits.slice(point)}`;
  return `${negative ? "-" : ""}${digits.slice(0, point)}${fraction}`;
}

// functions/domain/account-totals.ts
var RunningTotals = class {
  accountId;
  currency;
  minorUnit;
  opening;
  closing;
  creditCount = 0;
  creditSum = 0n;
  debitCount = 0;
  debitSum = 0n;
  lastBalance;
  constructor(balance) {
    this.accountId = balance.accountId;
    this.currency = balance.currency;
    this.minorUnit = minorUnit(balance.currency);
    this.opening = balance.opening;
    this.closing = balance.closing;
  }
  add(amount, balanceAfter) {
    if (amount < 0n) {
      this.debitCount += 1;
      this.debitSum -= amount;
    } else {
      this.creditCount += 1;
      this.creditSum += amount;
    }
    this.lastBalance = balanceAfter;
  }
};
function accountKey(accountId, currency) {
  return JSON.stringify([accountId, currency]);
}
function net(totals) {
  return totals.creditSum - totals.debitSum;
}
function balances(totals) {
  return totals.opening + net(totals) === totals.closing && (totals.lastBalance ?? totals.opening) === totals.closing;
}
function totalsEntry(totals) {
  const amount = (minor) => formatAmount(minor, totals.minorUnit);
  return {
    account_id: totals.accountId,
    currency: totals.currency,
    minor_unit: totals.minorUnit,
    opening: amount(totals.opening),
    credits: { count: totals.creditCount, sum: amount(totals.creditSum) },
    debits: { count: totals.debitCount, sum: amount(totals.debitSum) },
    net: amount(net(totals)),
    closing: amount(totals.closing)
  };
}

// functions/domain/transaction-sums.ts
var MAX_ACCOUNTS = 1e5;
var TransactionSums = class {
  #accounts = /* @__PURE__ */ new Map();
  #content = makeSha256();
  #table = new StatementTable({
    path: TRANSACTIONS_FILE,
    columns: TRANSACTION_COLUMNS,
    amounts: TRANSACTION_AMOUNTS,
    onLine: (fields, line) => this.#add(fields, line),
    onBytes: (bytes) => this.#content.update(bytes)
  });
  #first = "";
  #last = "";
  write(bytes) {
    this.#table.write(bytes);
  }
  end() {
    this.#table.end();
  }
  #add(fields, line) {
    const value = (column) => transactionField(fields, column);
    const wrong = (what) => new WrongStatement(`${TRANSACTIONS_FILE}: line ${line} ${what}`);
    if (value("line") !== String(line)) throw wrong("has another number");
    if (value("status") !== "BOOK") throw wrong("is not booked");
    const account = this.#accountOf(value("account_id"), value("currency"));
    const amount = parseAmount(value("amount"), account.minorUnit);
    const balance = parseAmount(value("balance_after"), account.minorUnit);
    if (amount === void 0 || balance === void 0) throw wrong("has an amount that is none");
    if (value("credit_debit") !== (amount < 0n ? "DBIT" : "CRDT")) throw wrong("has a wrong sign");
    if (value("posted_at") < this.#last) throw wrong("is out of order");
    this.#first ||= value("posted_at");
    this.#last = value("posted_at");
    account.add(amount, balance);
  }
  #accountOf(accountId, currency) {
    const key = accountKey(accountId, currency);
    const known = this.#accounts.get(key);
    if (known) return known;
    if (this.#accounts.size === MAX_ACCOUNTS) throw new WrongStatement("too many accounts");
    const added = new RunningTotals({ accountId, currency, opening: 0n, closing: 0n });
    this.#accounts.set(key, added);
    return added;
  }
  /** @throws WrongStatement */
  check(manifest2) {
    this.#table.checkDialect(manifest2);
    const rows = this.#table.lines;
    const file = manifest2.files.find(({ path }) => path === TRANSACTIONS_FILE);
    if (rows !== manifest2.rows || rows !== file?.rows) {
      throw new WrongStatement(`${rows} rows, and the manifest says ${manifest2.rows}`);
    }
    if (this.#content.digest() !== manifest2.content_sha256) {
      throw new WrongStatement("the hash of the rows differs");
    }
    const { from, to, from_epoch, to_epoch } = manifest2.period;
    if (Date.parse(from) !== from_epoch * 1e3 || Date.parse(to) !== to_epoch * 1e3) {
      throw new WrongStatement("the period's instants and epochs differ");
    }
    if (rows > 0 && (this.#first < micros(from) || this.#last >= micros(to))) {
      throw new WrongStatement("a row lies outside of the period");
    }
    const left = new Map(this.#accounts);
    for (const entry of manifest2.totals) {
      const key = accountKey(entry.account_id, entry.currency);
      checkTotals(entry, left.get(key));
      left.delete(key);
    }
    if (left.size > 0) throw new WrongStatement("rows of an account without totals");
    const accounts = manifest2.totals.map(({ account_id, currency }) => ({ account_id, currency }));
    if (JSON.stringify(accounts) !== JSON.stringify(manifest2.accounts)) {
      throw new WrongStatement("the manifest's accounts are not those of its totals");
    }
  }
};
function transactionField(fields, column) {
  return fields[TRANSACTION_COLUMNS.indexOf(column)] ?? "";
}
function checkTotals(entry, rows) {
  const wrong = new WrongStatement("the totals of an account do not follow from its rows");
  const { account_id: accountId, currency } = entry;
  const scale = minorUnit(currency);
  const opening = parseAmount(entry.opening, scale);
  const closing = parseAmount(entry.closing, scale);
  if (opening === void 0 || closing === void 0) throw wrong;
  const totals = new RunningTotals({ accountId, currency, opening, closing });
  if (rows) {
    totals.creditCount = rows.creditCount;
    totals.creditSum = rows.creditSum;
    totals.debitCount = rows.debitCount;
    totals.debitSum = rows.debitSum;
    totals.lastBalance = rows.lastBalance;
  }
  if (JSON.stringify(totalsEntry(totals)) !== JSON.stringify(entry)) throw wrong;
  if (!balances(totals)) throw new WrongStatement("an account's opening and closing do not agree");
}
function micros(millis) {
  return millis.replace("Z", "000Z");
}

// functions/domain/byte-reader.ts
var ByteReader = class {
  #source;
  #onBytes;
  #buffer = new Uint8Array(0);
  #position = 0;
  /** @param onBytes told of every chunk of the source, once and in order */
  constructor(source, onBytes) {
    this.#source = source[Symbol.asyncIterator]();
    this.#onBytes = onBytes;
  }
  /** How many bytes were taken so far. */
  get position() {
    return this.#position;
  }
  /** Up to `count` bytes without taking them; fewer only at the end of the source. */
  async peek(count2) {
    while (this.#buffer.length < count2 && await this.#fill()) {
    }
    return this.#buffer.subarray(0, count2);
  }
  /** Whatever is there without waiting, at least one byte; empty at the end of the source. */
  async peekAny(atLeast) {
    await this.peek(atLeast);
    return this.#buffer;
  }
  async take(count2) {
    const bytes = await this.peek(count2);
    this.#buffer = this.#buffer.subarray(bytes.length);
    this.#position += bytes.length;
    return bytes;
  }
  /** Tells the source that no more is read: a download would stay open else. */
  async close() {
    await this.#source.return?.();
  }
  async #fill() {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#onBytes(next.value);
    if (this.#buffer.length === 0) this.#buffer = Uint8Array.from(next.value);
    else {
      const joined = new Uint8Array(this.#buffer.length + next.value.length);
      joined.set(this.#buffer);
      joined.set(next.value, this.#buffer.length);
      this.#buffer = joined;
    }
    return true;
  }
};

// functions/domain/crc32.ts
function crc32(bytes, before = 0) {
  return NODE_CRC32 ? NODE_CRC32(bytes, before) : portableCrc32(bytes, before);
}
var { process } = globalThis;
var NODE_CRC32 = process?.getBuiltinModule?.("node:zlib").crc32;
var TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 3988292384 ^ crc >>> 1 : crc >>> 1;
  return crc;
});
function portableCrc32(bytes, before = 0) {
  let crc = ~before;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 255] ?? 0) ^ crc >>> 8;
  return ~crc >>> 0;
}

// functions/domain/zip-format.ts
var LOCAL_HEADER = 67324752;
var DESCRIPTOR = 134695760;
var CENTRAL_HEADER = 33639248;
var ZIP64_END = 101075792;
var ZIP64_LOCATOR = 117853008;
var END = 101010256;
var IN_ZIP64 = 4294967295;

// functions/domain/zip-reader.ts
var DamagedZip = class extends Error {
  name = "DamagedZip";
};
var ZIP64_EXTRA = 1;
var HAS_DESCRIPTOR = 1 << 3;
var STORED = 0;
var DEFLATED = 8;
var ZIP64_VERSION = 45;
var MAX_RATIO = 256;
var FREE_BYTES = 64 * 1024 * 1024;
async function readZip(source, open, onBytes) {
  const reader = new ByteReader(source, onBytes);
  const entries = [];
  try {
    while (await signature(reader) === LOCAL_HEADER) entries.push(await readEntry(reader, open));
    await readCentralDirectory(reader, entries);
    if ((await reader.peek(1)).length > 0) throw new DamagedZip("bytes follow the end of the zip");
  } finally {
    await reader.close();
  }
}
async function signature(reader) {
  const bytes = await reader.peek(4);
  return bytes.length === 4 ? viewOf(bytes).getUint32(0, true) : 0;
}
async function take(reader, count2, what) {
  const bytes = await reader.take(count2);
  if (bytes.length < count2) throw new DamagedZip(`the zip ends inside ${what}`);
  return viewOf(bytes);
}
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
function textOf2(view) {
  return new TextDecoder().decode(view);
}
async function readEntry(reader, open) {
  const offset = reader.position;
  const header = await take(reader, 30, "a local header");
  const flags = header.getUint16(6, true);
  const method = header.getUint16(8, true);
  const name = textOf2(await take(reader, header.getUint16(26, true), "a file name"));
  const extra = await take(reader, header.getUint16(28, true), "an extra field");
  const sizes = { compressed: header.getUint32(18, true), size: header.getUint32(22, true) };
  const declared = { crc: header.getUint32(14, true), ...withZip64(sizes, extra, name) };
  if (method !== DEFLATED && method !== STORED) throw new DamagedZip(`${name}: unknown method`);
  const sink = open(name);
  const content = { crc: 0, size: 0 };
  const counted = { compressed: 0 };
  const write = (bytes) => {
    content.crc = crc32(bytes, content.crc);
    content.size += bytes.length;
    if (content.size > FREE_BYTES + MAX_RATIO * counted.compressed) {
      throw new DamagedZip(`${name}: more data than a statement can hold`);
    }
    sink.write(bytes);
  };
  const described = (flags & HAS_DESCRIPTOR) !== 0;
  const data = described ? untilDescriptor(reader, name) : exactly(reader, declared.compressed, name);
  if (method === DEFLATED) await inflate(count(data, counted), write, name);
  else for await (const bytes of count(data, counted)) write(bytes);
  const found = { ...content, ...counted };
  const expected = described ? await readDescriptor(reader, counted.compressed) : declared;
  if (described && !leavesToDescriptor(declared, expected)) {
    throw new DamagedZip(`${name}: the local header says otherwise`);
  }
  if (expected.crc !== found.crc) throw new DamagedZip(`${name}: the checksum differs`);
  if (expected.compressed !== found.compressed || expected.size !== found.size) {
    throw new DamagedZip(`${name}: the sizes differ`);
  }
  sink.end();
  const version = header.getUint16(4, true);
  return { name, offset, version, common: commonFields(header, 6), ...found };
}
function leavesToDescriptor(declared, described) {
  const agrees = (key) => [0, IN_ZIP64, described[key]].includes(declared[key]);
  return [0, described.crc].includes(declared.crc) && agrees("compressed") && agrees("size");
}
function commonFields(header, at) {
  return [0, 2, 4, 6].map((field2) => header.getUint16(at + field2, true)).join();
}
async function* count(data, total) {
  for await (const bytes of data) {
    total.compressed += bytes.length;
    yield bytes;
  }
}
async function* exactly(reader, length, name) {
  for (let left = length; left > 0; ) {
    const there = await reader.peekAny(1);
    const bytes = await reader.take(Math.min(left, there.length));
    if (bytes.length === 0) throw new DamagedZip(`the zip ends inside ${name}`);
    left -= bytes.length;
    yield bytes;
  }
}
var DESCRIPTOR_BYTES = 16;
var ZIP64_DESCRIPTOR_BYTES = 24;
var LOOK_AHEAD = ZIP64_DESCRIPTOR_BYTES + 4;
async function* untilDescriptor(reader, name) {
  let seen = 0;
  for (; ; ) {
    const bytes = await reader.peekAny(LOOK_AHEAD);
    const end = findDescriptor(bytes, seen);
    if (end >= 0) {
      if (end > 0) yield await reader.take(end);
      return;
    }
    const certain = bytes.length - LOOK_AHEAD + 1;
    if (certain <= 0) throw new DamagedZip(`the zip ends inside ${name}`);
    seen += certain;
    yield await reader.take(certain);
  }
}
function findDescriptor(bytes, before) {
  const view = viewOf(bytes);
  let at = bytes.indexOf(80);
  for (; at >= 0 && at + DESCRIPTOR_BYTES + 4 <= bytes.length; at = bytes.indexOf(80, at + 1)) {
    if (view.getUint32(at, true) !== DESCRIPTOR) continue;
    if (descriptorLength(view, at, before + at)) return at;
  }
  return -1;
}
function descriptorLength(view, at, compressed) {
  const followedByHeader = (length) => {
    const next = at + length;
    if (next + 4 > view.byteLength) return false;
    return [LOCAL_HEADER, CENTRAL_HEADER].includes(view.getUint32(next, true));
  };
  if (view.getUint32(at + 8, true) === compressed && followedByHeader(DESCRIPTOR_BYTES)) {
    return DESCRIPTOR_BYTES;
  }
  if (!followedByHeader(ZIP64_DESCRIPTOR_BYTES)) return 0;
  return Number(view.getBigUint64(at + 8, true)) === compressed ? ZIP64_DESCRIPTOR_BYTES : 0;
}
async function readDescriptor(reader, compressed) {
  const ahead = viewOf(await reader.peek(LOOK_AHEAD));
  const length = descriptorLength(ahead, 0, compressed);
  const view = await take(reader, length, "a data descriptor");
  const number = (at) => length === DESCRIPTOR_BYTES ? view.getUint32(8 + at * 4, true) : Number(view.getBigUint64(8 + at * 8, true));
  return { crc: view.getUint32(4, true), compressed: number(0), size: number(1) };
}
async function inflate(data, write, name) {
  const inflater = new DecompressionStream("deflate-raw");
  const writer = inflater.writable.getWriter();
  const ending = {};
  const consume = async () => {
    for await (const bytes of inflater.readable) {
      try {
        write(bytes);
      } catch (error) {
        ending.refusal = error;
        return;
      }
    }
  };
  const consumed = consume().catch(() => ending.damaged = true);
  try {
    for await (const bytes of data) {
      if (ending.damaged || ending.refusal) break;
      await writer.write(Uint8Array.from(bytes)).catch(() => void 0);
    }
    await writer.close().catch(() => void 0);
  } catch (error) {
    await writer.abort(error).catch(() => void 0);
    throw error;
  } finally {
    await consumed;
  }
  if (ending.refusal) throw ending.refusal;
  if (ending.damaged) throw new DamagedZip(`${name}: the data is damaged`);
}
async function readCentralDirectory(reader, entries) {
  const offset = reader.position;
  for (const entry of entries) await readCentralHeader(reader, entry);
  const size = reader.position - offset;
  const at = reader.position;
  const zip64 = await signature(reader) === ZIP64_END;
  if (zip64) await readZip64End(reader, { at, offset, size, count: entries.length });
  const end = await take(reader, 22, "the end record");
  await take(reader, end.getUint16(20, true), "the comment");
  const matches = (value, expected, inZip64) => value === expected || zip64 && value === inZip64;
  const ok = end.getUint32(0, true) === END && matches(end.getUint16(4, true), 0, 65535) && matches(end.getUint16(6, true), 0, 65535) && matches(end.getUint16(8, true), entries.length, 65535) && matches(end.getUint16(10, true), entries.length, 65535) && matches(end.getUint32(12, true), size, IN_ZIP64) && matches(end.getUint32(16, true), offset, IN_ZIP64);
  if (!ok) throw new DamagedZip("the end record does not describe the zip");
}
async function readCentralHeader(reader, entry) {
  const header = await take(reader, 46, "the central directory");
  if (header.getUint32(0, true) !== CENTRAL_HEADER) {
    throw new DamagedZip("the central directory lacks an entry");
  }
  const name = textOf2(await take(reader, header.getUint16(28, true), "a file name"));
  const extra = await take(reader, header.getUint16(30, true), "an extra field");
  await take(reader, header.getUint16(32, true), "a comment");
  const found = withZip64(
    {
      size: header.getUint32(24, true),
      compressed: header.getUint32(20, true),
      offset: header.getUint32(42, true)
    },
    extra,
    name
  );
  const version = header.getUint16(6, true);
  const inZip64 = [20, 24, 42].some((at) => header.getUint32(at, true) === IN_ZIP64);
  const ok = name === entry.name && commonFields(header, 8) === entry.common && (version === entry.version || inZip64 && version === ZIP64_VERSION) && header.getUint32(16, true) === entry.crc && [0, 65535].includes(header.getUint16(34, true)) && found.size === entry.size && found.compressed === entry.compressed && found.offset === entry.offset;
  if (!ok) throw new DamagedZip(`${entry.name}: the central directory says otherwise`);
}
async function readZip64End(reader, directory) {
  const end = await take(reader, 56, "the zip64 end record");
  const locator = await take(reader, 20, "the zip64 locator");
  const number = (at) => Number(end.getBigUint64(at, true));
  const ok = number(24) === directory.count && number(32) === directory.count && number(40) === directory.size && number(48) === directory.offset && locator.getUint32(0, true) === ZIP64_LOCATOR && Number(locator.getBigUint64(8, true)) === directory.at;
  if (!ok) throw new DamagedZip("the zip64 end record does not describe the zip");
}
function withZip64(values, extra, name) {
  let field2;
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    const length = extra.getUint16(at + 2, true);
    if (at + 4 + length > extra.byteLength) throw new DamagedZip(`${name}: a broken extra field`);
    if (extra.getUint16(at, true) === ZIP64_EXTRA) {
      field2 = new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    }
  }
  if (!field2) return values;
  const result = { ...values };
  let next = 0;
  for (const key of ["size", "compressed", "offset"]) {
    if (values[key] !== IN_ZIP64 || next + 8 > field2.byteLength) continue;
    Object.assign(result, { [key]: Number(field2.getBigUint64(next, true)) });
    next += 8;
  }
  return result;
}

// functions/domain/verify-statement.ts
var MAX_TEXT_BYTES = 16 * 1024 * 1024;
var MAX_ENTRIES = 64;
var ABOUT_THE_REST = [MANIFEST_FILE, SIGNATURE_FILE, SUMS_FILE];
async function verifyStatement(bytes, { keys } = {}) {
  const whole2 = makeSha256();
  let length = 0;
  const onBytes = (chunk) => {
    whole2.update(chunk);
    length += chunk.length;
  };
  const contents = new StatementContents();
  try {
    await readZip(bytes, (name) => contents.open(name), onBytes);
    const manifest2 = contents.check();
    const signature2 = await contents.checkSignature(keys);
    return { ok: true, manifest: manifest2, signature: signature2, bytes: length, sha256: whole2.digest() };
  } catch (error) {
    if (!isProblem(error)) throw error;
    return { ok: false, problems: [error.message], bytes: length, sha256: whole2.digest() };
  }
}
function isProblem(error) {
  return [DamagedZip, WrongStatement, MalformedCsv].some((type) => error instanceof type);
}
var StatementContents = class {
  #files = [];
  #texts = /* @__PURE__ */ new Map();
  #transactions = new TransactionSums();
  #balances = [];
  #tables = {
    [BALANCES_FILE]: new StatementTable({
      path: BALANCES_FILE,
      columns: BALANCE_COLUMNS,
      amounts: BALANCE_AMOUNTS,
      onLine: (fields, line) => {
        if (line > MAX_ACCOUNTS) throw new WrongStatement("too many accounts");
        this.#balances.push(fields);
      }
    }),
    [PENDING_FILE]: new StatementTable({
      path: PENDING_FILE,
      columns: TRANSACTION_COLUMNS,
      amounts: TRANSACTION_AMOUNTS,
      onLine: checkPendingLine
    })
  };
  open(path) {
    if (this.#files.some((file) => file.path === path)) throw new WrongStatement(`${path} twice`);
    if (this.#files.length === MAX_ENTRIES) throw new WrongStatement("too many entries");
    const hash2 = makeSha256();
    const reader = this.#readerOf(path);
    let bytes = 0;
    return {
      write: (chunk) => {
        bytes += chunk.length;
        hash2.update(chunk);
        reader?.write(chunk);
      },
      end: () => {
        reader?.end();
        this.#files.push({ path, bytes, sha256: hash2.digest() });
      }
    };
  }
  #readerOf(path) {
    if (path === TRANSACTIONS_FILE) return this.#transactions;
    if (!ABOUT_THE_REST.includes(path)) return this.#tables[path];
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let text2 = "";
    return {
      write: (chunk) => {
        text2 += decoder.decode(chunk, { stream: true });
        if (text2.length > MAX_TEXT_BYTES) throw new WrongStatement(`${path} is too large`);
      },
      end: () => void this.#texts.set(path, text2 + decoder.decode())
    };
  }
  /** @throws WrongStatement */
  check() {
    this.#checkSums();
    const manifest2 = this.#parseManifest();
    this.#checkFiles(manifest2);
    this.#transactions.check(manifest2);
    this.#checkBalances(manifest2);
    this.#checkPending(manifest2);
    return manifest2;
  }
  /** @throws WrongStatement when there are keys, and none of them has signed the manifest. */
  async checkSignature(keys) {
    if (!keys) return "unchecked";
    return await checkSignature(this.#text(SIGNATURE_FILE), this.#text(MANIFEST_FILE), keys);
  }
  #text(path) {
    const text2 = this.#texts.get(path);
    if (text2 === void 0) throw new WrongStatement(`${path} is missing`);
    return text2;
  }
  #checkSums() {
    const listed = this.#files.filter(({ path }) => path !== SUMS_FILE);
    const expected = listed.map(({ path, sha256 }) => `${sha256}  ${path}
`).join("");
    if (this.#text(SUMS_FILE) !== expected) {
      throw new WrongStatement(`${SUMS_FILE} does not list the files as they are`);
    }
    if (this.#files.at(-1)?.path !== SUMS_FILE) {
      throw new WrongStatement(`${SUMS_FILE} is not the last entry`);
    }
  }
  #parseManifest() {
    const value = parseJson(this.#text(MANIFEST_FILE));
    if (!hasSchema(value)) throw new WrongStatement(`${MANIFEST_FILE} has another schema`);
    if (!isManifest(value)) {
      throw new WrongStatement(`${MANIFEST_FILE} lacks a field, or has one of another type`);
    }
    return value;
  }
  #checkFiles(manifest2) {
    const found = this.#files.filter(({ path }) => !ABOUT_THE_REST.includes(path));
    const described = manifest2.files.map(({ path, bytes, sha256 }) => ({
      ...{ path, bytes, sha256 }
    }));
    if (JSON.stringify(found) !== JSON.stringify(described)) {
      throw new WrongStatement("the manifest does not describe the files as they are");
    }
  }
  #checkBalances(manifest2) {
    const { totals } = manifest2;
    if (rowsOf(BALANCES_FILE, manifest2) !== totals.length) {
      throw new WrongStatement(`${BALANCES_FILE} has other rows`);
    }
    this.#tables[BALANCES_FILE]?.checkDialect(manifest2);
    const expected = totals.map((one) => [
      ...[one.account_id, one.currency, one.opening],
      ...[String(one.credits.count), one.credits.sum, String(one.debits.count), one.debits.sum],
      ...[one.net, one.closing]
    ]);
    if (JSON.stringify(this.#balances) !== JSON.stringify(expected)) {
      throw new WrongStatement(`${BALANCES_FILE} and the manifest's totals differ`);
    }
  }
  #checkPending(manifest2) {
    const rows = rowsOf(PENDING_FILE, manifest2);
    if (manifest2.pending_included !== (rows !== void 0)) {
      throw new WrongStatement(`${PENDING_FILE} and the manifest's options differ`);
    }
    if (rows === void 0) return;
    const table = this.#tables[PENDING_FILE];
    table?.checkDialect(manifest2);
    if (table?.lines !== rows) throw new WrongStatement(`${PENDING_FILE} has other rows`);
  }
};
function rowsOf(file, { files }) {
  return files.find(({ path }) => path === file)?.rows;
}
function checkPendingLine(fields, line) {
  const right = transactionField(fields, "line") === String(line) && transactionField(fields, "status") === "PDNG";
  if (!right) throw new WrongStatement(`${PENDING_FILE}: line ${line} is not a pending one`);
}
function parseJson(text2) {
  try {
    return JSON.parse(text2);
  } catch {
    throw new WrongStatement(`${MANIFEST_FILE} is not JSON`);
  }
}
function hasSchema(value) {
  return typeof value === "object" && value !== null && Reflect.get(value, "schema") === MANIFEST_SCHEMA;
}

// infra/consumer/statement-bytes.ts
async function verifyStatement2(bytes, key, options) {
  const found = await verifyStatement(chunksOf(bytes), options);
  if (!found.ok || key === void 0) return found;
  const name = key.slice(key.lastIndexOf("/") + 1);
  if (name === `${found.manifest.statement_id}.zip`) return found;
  const { sha256, bytes: length } = found;
  return {
    ok: false,
    problems: ["the object has another statement's name"],
    bytes: length,
    sha256
  };
}
function chunksOf(bytes) {
  if (ArrayBuffer.isView(bytes)) return once(bytes);
  if (Symbol.asyncIterator in bytes) return bytes;
  if (isStream(bytes)) return chunksOfStream(bytes);
  if ("stream" in bytes) return chunksOfStream(bytes.stream());
  return once(new Uint8Array(bytes));
}
function isStream(bytes) {
  return "getReader" in bytes;
}
async function* once(bytes) {
  yield bytes;
}
async function* chunksOfStream(stream) {
  const reader = stream.getReader();
  try {
    for (; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => void 0);
  }
}
export {
  parseS3Event,
  parseStatementKey,
  verifyStatement2 as verifyStatement
};
