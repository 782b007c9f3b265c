// A parameter's range, its way into the address and back; nothing is taken on trust.
import { format } from "./dom.js";

const TRUE = new Set([true, "true", "1", 1]);
const FALSE = new Set([false, "false", "0", 0]);

/**
 * `value` made valid: {value, problem}, where problem says in words what was wrong with it.
 * With `kept` a number that is none leaves that value, else the default.
 */
export function sanitise(name, spec, value, kept) {
  if (spec.kind === "choice") {
    return spec.options.includes(value) ? { value } : refuse(name, spec, "is not one of its choices");
  }
  if (spec.kind === "flag") {
    if (TRUE.has(value)) return { value: true };
    return FALSE.has(value) ? { value: false } : refuse(name, spec, "is neither true nor false");
  }
  const text = typeof value === "string" ? value.trim() : value;
  const number = typeof text === "number" || (typeof text === "string" && text !== "") ? Number(text) : NaN;
  if (!Number.isNaN(number)) return inRange(name, spec, number);
  if (kept === undefined) return refuse(name, spec, "is not a number");
  return { value: kept, problem: `That is not a number; ${format(kept, 6)} is kept.` };
}

const refuse = (name, spec, why) => ({
  value: spec.default,
  problem: `The value given for ${name} ${why}; ${spec.default} is used instead.`,
});

function inRange(name, spec, number) {
  const value = Math.min(spec.max, Math.max(spec.min, number));
  if (value === number) return wholeWhereAsked(name, spec, value);
  const range = `${format(spec.min)} to ${format(spec.max)}`;
  return { value, problem: `The value given for ${name} is outside ${range}; ${format(value)} is used instead.` };
}

function wholeWhereAsked(name, spec, number) {
  const value = spec.kind === "integer" ? Math.round(number) : number;
  if (value === number) return { value };
  return { value, problem: `The value given for ${name} is no whole number; ${value} is used instead.` };
}

/** All parameters of an explorer from `get(name)`; undefined means the default. */
export function readState(specs, get) {
  const state = {};
  const problems = [];
  for (const [name, spec] of Object.entries(specs)) {
    const given = get(name);
    const { value, problem } = given === undefined || given === null
      ? { value: spec.default, problem: given === null ? refuse(name, spec, "is missing").problem : undefined }
      : sanitise(name, spec, given);
    state[name] = value;
    if (problem) problems.push(problem);
  }
  return { state, problems };
}

/** The part of the address's query that belongs to `key`, as a plain object of strings. */
export function fromAddress(key, search) {
  const own = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (name.startsWith(`${key}.`)) own[name.slice(key.length + 1)] = value;
  }
  return own;
}

/** The query with this explorer's differences from `initial`; the rest of it is kept. */
export function toAddress(key, search, state, initial) {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(state)) {
    if (value === initial[name]) query.delete(`${key}.${name}`);
    else query.set(`${key}.${name}`, String(value));
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}
