// Arguments as people type and read them: JSON.

const LONGEST = 4000; // characters shown of one payload

// Reads a form field. Empty is `undefined`; anything but JSON of the wanted kind throws a sentence.
export function parsePayload(field, kind) {
  const text = field.value.trim();
  if (!text) return undefined;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${kind} is not valid JSON`);
  }
  if (kind === "args" && !Array.isArray(value)) throw new Error('args must be a JSON array, such as [1, "two"]');
  if (kind === "kwargs" && (value === null || typeof value !== "object" || Array.isArray(value))) {
    throw new Error('kwargs must be a JSON object, such as {"a": 1}');
  }
  return value;
}

export function show(value) {
  const text = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part)) ?? "null";
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} … (${text.length} characters)` : text;
}

export function showPayload(args, kwargs) {
  const parts = [];
  if (args?.length) parts.push(show(args));
  if (kwargs && Object.keys(kwargs).length) parts.push(show(kwargs));
  return parts.join(" ") || "no payload";
}

// What autobahn.js makes of a RESULT: nothing, the single value, or an object with args and kwargs.
export function showResult(result) {
  return result instanceof autobahn.Result ? showPayload(result.args, result.kwargs) : show(result);
}

// The same of a demo, whose procedures one worker has: how it is started, if it is not there.
export function showFailure(error, worker) {
  return error?.error === "wamp.error.no_such_procedure" ? `There is no worker: run python -m clients ${worker}.` : showError(error);
}

// An ERROR of the router or of the callee, or one of our own.
export function showError(error) {
  if (error instanceof autobahn.Error) return `${error.error} ${showPayload(error.args, error.kwargs)}`;
  return error?.message ?? String(error);
}
