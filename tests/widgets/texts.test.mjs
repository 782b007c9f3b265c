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
  assert.match(say("schedule"), /predicted 0\.00732, .* times lower than with a constant one/);
  assert.match(say("schedule", { lr: 0.3, schedule: "constant", steps: 100 }), /limit of stability 0\.2.*Diverged/);
  assert.match(say("batch_size"), /fitted trade-off predicts .* critical batch size/);
  assert.match(say("batch_size", { batch_size: 2048 }), /diverges\.$/);
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
