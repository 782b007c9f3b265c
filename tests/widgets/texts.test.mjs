// The bundles themselves: settings in, words and PyTorch code out; the code is for Python to run.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { definition as batch_size } from "../../sgdcourse/widgets/static/batch_size.mjs";
import { definition as descent } from "../../sgdcourse/widgets/static/descent.mjs";
import { definition as momentum } from "../../sgdcourse/widgets/static/momentum.mjs";
import { definition as noise_ball } from "../../sgdcourse/widgets/static/noise_ball.mjs";
import { definition as schedule } from "../../sgdcourse/widgets/static/schedule.mjs";

const fixture = JSON.parse(readFileSync(process.env.FIXTURE, "utf8"));
const definitions = { batch_size, descent, momentum, noise_ball, schedule };
const table = JSON.parse(readFileSync(new URL("../../sgdcourse/widgets/parameters.json", import.meta.url), "utf8"));
const defaults = (kind) =>
  Object.fromEntries(Object.entries(table[kind]).map(([name, spec]) => [name, spec.default]));
const say = (kind, patch = {}) => {
  const state = { ...defaults(kind), ...patch };
  return definitions[kind].words(definitions[kind].compute(state), state);
};

test("the sentence of the descent tells converging, overshooting, diverging, stalling", () => {
  assert.match(say("descent", { lr: 0.05, steps: 400 }), /^Converged to \(0, 0\).* without overshooting.*0\.95; theory predicts 0\.95\./);
  assert.match(say("descent", { lr: 0.19, steps: 200 }), /overshooting the valley floor at almost every step/);
  assert.match(say("descent", { lr: 0.3 }), /^Diverged: after \d+ steps/);
  assert.match(say("descent", { surface: "saddle", x: 1, y: 0, lr: 0.2, steps: 300 }), /^Stalled at a saddle point/);
  assert.match(say("descent", { surface: "rosenbrock", x: -1.2, y: 1, lr: 0.001, steps: 50 }), /^Still on its way/);
  assert.match(say("descent", { lr: 0.2001, steps: 20, x: 0 }), /^Growing/);
});

test("predicted and measured rates agree where theory is exact", () => {
  for (const lr of [0.02, 0.1, 0.15, 0.19]) {
    const state = { ...defaults("descent"), lr, steps: 500 };
    const { found } = definitions.descent.compute(state);
    assert.ok(Math.abs(found.measured - found.predicted) < 1e-3, `${lr}: ${found.measured} ${found.predicted}`);
  }
});

test("the other sentences give prediction beside measurement", () => {
  assert.match(say("noise_ball"), /^Hovers.*standard deviations over 200 runs.*theory says/);
  assert.match(say("noise_ball", { lr: 1 }), /^Diverges/);
  assert.match(say("noise_ball", { schedule: "linear" }), /^The smaller steps draw the ball together/);
  assert.match(say("noise_ball", { noise: 0 }), /^Without noise/);
  assert.match(say("momentum"), /Predicted factor per step 0\.8944, measured 0\.8\d+/);
  assert.match(say("momentum", { lr: 0.4 }), /^Diverges: the learning rate 0\.4 lies above the limit 0\.36/);
  assert.match(say("schedule"), /predicted 0\.00732, .* times lower than with a constant learning rate/);
  assert.match(say("schedule", { lr: 0.3, schedule: "constant", steps: 100 }), /limit of stability 0\.2.*Diverged/);
  assert.match(say("batch_size"), /fitted trade-off predicts .* critical batch size/);
  assert.match(say("batch_size", { batch_size: 2048 }), /diverges\.$/);
});

test("the noise ball diverges only where it does", () => {
  for (const schedule of ["inverse_time", "cosine"]) {
    assert.match(say("noise_ball", { lr: 0.6, schedule }), /^For \d+ steps ηλ lies above 2; then the steps are small enough again\. The smaller/);
  }
  assert.match(say("noise_ball", { lr: 0.6 }), /^Diverges: ηλ is 2\.4 .* above 2 every step throws the weights further out/);
  assert.match(say("noise_ball", { lr: 2, curvature: 20, schedule: "cosine" }), /^Diverges: for \d+ steps ηλ lies above 2/);
  assert.match(say("noise_ball", { lr: 0.6, schedule: "cosine", steps: 1 }), /^Diverges/);
  assert.match(say("noise_ball", { lr: 0.5 }), /^ηλ is exactly 2 .* flip for ever, and the noise adds up\.$/);
  assert.match(say("noise_ball", { lr: 0.50001 }), /^Diverges: ηλ is 2\.00004 /);
});

test("the noise ball tells where it is", () => {
  for (const patch of [{}, { steps: 1 }, { schedule: "cosine" }, { schedule: "linear", noise: 0 }]) {
    assert.match(say("noise_ball", { lr: 0.001, ...patch }), /^On its way: after \d+ steps? the mean is still at \(−[\d.]+, [\d.]+\)\. /);
  }
  assert.match(say("noise_ball", { lr: 0.001 }), /still at \(−1\.64, 0\.673\)/);
  assert.match(say("noise_ball", { lr: 0.001, x: 0, y: 0 }), /^Hovers/);
  assert.match(say("noise_ball", { lr: 0.001, x: 0, y: 0, steps: 20, schedule: "inverse_time" }), /the ball still grows/);
  assert.match(say("noise_ball", { x: 0, y: 0, noise: 0, lr: 2 }), /nothing moves\.$/);
});

test("a start at the minimum stays there, and nothing is said to be no number", () => {
  assert.equal(say("descent", { x: 0, y: 0 }), "The start is a minimum: nothing moves.");
  assert.match(say("momentum", { x: 0, y: 0 }), /^The start is a minimum: nothing moves\. The slow/);
  const once = say("momentum", { curvature: 1, lr: 1, momentum: 0 });
  assert.match(once, /^Converged in 1 step\./);
  assert.doesNotMatch(once, /not a number/);
});

test("what lies above a limit is told from it, and only what moves diverges", () => {
  assert.match(say("momentum", { lr: 0.2004, momentum: 0 }), /^Diverges: the learning rate 0\.2004 lies above the limit 0\.2 /);
  assert.match(say("momentum", { lr: 0.3605 }), /^Diverges: the learning rate 0\.3605 lies above the limit 0\.36 /);
  assert.match(say("momentum", { y: 0, lr: 0.25, momentum: 0 }), /^Would diverge from any start off the axis: the learning rate 0\.25 /);
  assert.match(say("momentum", { lr: 0.36 }), /^(Oscillates|Not there)/);
});

test("a path that jumps to and fro for ever oscillates", () => {
  assert.match(say("descent", { lr: 0.2 }), /^Oscillates: it jumps to and fro .* predicted factor per step is 1;/);
  assert.match(say("momentum", { lr: 0.2, momentum: 0 }), /^Oscillates/);
  assert.doesNotMatch(say("descent", { lr: 0.1999 }), /^Oscillates/);
});

test("a warm-up that is cut is said to be", () => {
  assert.match(say("schedule", { warmup: 200 }), /half of the run at most: 100 steps instead of 200\.$/);
  assert.match(say("schedule", { warmup: 200, steps: 10 }), /5 steps instead of 200\.$/);
  assert.doesNotMatch(say("schedule", { warmup: 100 }), /instead/);
});

test("counts and comparisons read as English", () => {
  assert.match(say("schedule"), /the learning rates of all steps add up to 15\.1\.$/);
  assert.match(say("schedule", { lr: 0.25, curvature: 10 }), /\. A constant learning rate would diverge\. /);
  assert.match(say("schedule", { end: 1 }), /\. A constant learning rate would do as well\. /);
  assert.doesNotMatch(say("schedule", { schedule: "constant" }), /constant/);
  assert.match(say("batch_size", { batch_size: 1, noise: 0.3, target: 0.5 }), /needs 1 step, 1 example; /);
  assert.match(say("batch_size", { batch_size: 1, noise: 30, target: 0.01 }), / [\d.]+ million steps, [\d.]+ million examples; /);
});

test("schedules of the explorer equal Python's", () => {
  for (const { state, path } of fixture.shaped) {
    const { rates, expected } = definitions.schedule.compute(state);
    path.forEach(([lr, loss], t) => {
      assert.ok(Math.abs(rates[t] - lr) <= 1e-9 * lr + 1e-18, `${state.schedule} lr[${t}]: ${rates[t]} ${lr}`);
      assert.ok(Math.abs(expected[t] - loss) <= 1e-9 * loss, `${state.schedule} loss[${t}]`);
    });
  }
});

test("every setting has its PyTorch code", () => {
  const runs = fixture.settings.map(([kind, patch]) => {
    const state = { ...defaults(kind), ...patch };
    const result = definitions[kind].compute(state);
    return {
      kind, state, code: definitions[kind].code(state), path: Array.from(result.path ?? []), rates: Array.from(result.rates ?? []),
    };
  });
  writeFileSync(process.env.CODE_OUT, JSON.stringify(runs));
});
