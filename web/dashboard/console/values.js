// Results and events, as text.

const LONGEST = 100_000; // characters; more holds up the browser, and nobody reads it

export function pretty(value) {
  const text = JSON.stringify(value, plain, 2) ?? "null";
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}\n… (${text.length} characters)` : text;
}

export const oneLine = (value) => JSON.stringify(value, plain) ?? "null";

const plain = (_, part) => (typeof part === "bigint" ? String(part) : part);

// What autobahn.js makes of a RESULT: nothing, the single value, or an object with args and kwargs.
export function payloadOf(result) {
  const { Result } = globalThis.autobahn;
  if (!(result instanceof Result)) return { value: result, isPlain: true };
  const { args = [], kwargs = {} } = result;
  return { value: Object.keys(kwargs).length ? { args, kwargs } : args, isPlain: false };
}
