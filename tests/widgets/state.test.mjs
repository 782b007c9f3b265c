// What comes from outside (page, address, fields) is clamped or refused, with words.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromAddress, readState, sanitise, toAddress } from "../../sgdcourse/widgets/js/src/ui/state.js";

const table = new URL("../../sgdcourse/widgets/parameters.json", import.meta.url);
const specs = JSON.parse(readFileSync(table, "utf8")).descent;

test("good values pass unchanged", () => {
  assert.deepEqual(sanitise("lr", specs.lr, 0.5), { value: 0.5 });
  assert.deepEqual(sanitise("lr", specs.lr, "0.25"), { value: 0.25 });
  assert.deepEqual(sanitise("nesterov", specs.nesterov, "true"), { value: true });
  assert.deepEqual(sanitise("surface", specs.surface, "beale"), { value: "beale" });
});

test("a whole number given as a fraction is rounded and said", () => {
  const { value, problem } = sanitise("steps", specs.steps, 3.7);
  assert.equal(value, 4);
  assert.match(problem, /^The value given for steps is no whole number; 4 is used instead\.$/);
});

test("a field that holds no number keeps the value it had, and says so", () => {
  for (const text of ["", "abc"]) {
    const { value, problem } = sanitise("lr", specs.lr, text, 0.05);
    assert.equal(value, 0.05);
    assert.equal(problem, "That is not a number; 0.05 is kept.");
  }
});

test("out of range is clamped and said", () => {
  assert.equal(sanitise("lr", specs.lr, 99).value, 4);
  assert.match(sanitise("lr", specs.lr, -1).problem, /^The value given for lr is outside .* is used instead/);
  assert.equal(sanitise("steps", specs.steps, Infinity).value, 500);
});

test("nonsense is refused and said, and never repeated", () => {
  for (const bad of [NaN, "NaN", "", "abc", [], {}, "<img src=x onerror=alert(1)>", true]) {
    const { value, problem } = sanitise("lr", specs.lr, bad);
    assert.equal(value, specs.lr.default);
    assert.match(problem, /is not a number/);
    assert.doesNotMatch(problem, /</);
  }
  assert.equal(sanitise("surface", specs.surface, "__proto__").value, "quadratic");
  assert.equal(sanitise("nesterov", specs.nesterov, "yes").value, false);
});

test("a whole state: missing means default, null is a problem", () => {
  const { state, problems } = readState(specs, (name) => ({ lr: 0.1, momentum: null })[name]);
  assert.equal(state.lr, 0.1);
  assert.equal(state.momentum, 0);
  assert.equal(problems.length, 1);
});

test("the address keeps what differs and leaves the rest alone", () => {
  const { state } = readState(specs, () => undefined);
  const search = toAddress("descent", "?highlight=sgd&descent.x=1", { ...state, lr: 0.3 }, state);
  assert.equal(search, "?highlight=sgd&descent.lr=0.3");
  assert.deepEqual(fromAddress("descent", search), { lr: "0.3" });
  assert.deepEqual(fromAddress("descent-2", search), {});
  assert.equal(toAddress("descent", "?descent.lr=0.3", state, state), "");
});
