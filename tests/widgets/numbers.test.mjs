// The JavaScript core against numbers that Python wrote: node numbers.test.mjs FIXTURE.json
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { expectedLoss, bestLr, stepsTo } from "../../sgdcourse/widgets/js/src/core/batches.js";
import { moments, polyak, rate, roots, stabilityLimit } from "../../sgdcourse/widgets/js/src/core/quadratic.js";
import { normals } from "../../sgdcourse/widgets/js/src/core/random.js";
import { descend } from "../../sgdcourse/widgets/js/src/core/rules.js";
import * as schedules from "../../sgdcourse/widgets/js/src/core/schedules.js";
import { surface } from "../../sgdcourse/widgets/js/src/core/surfaces.js";
import { walk } from "../../sgdcourse/widgets/js/src/core/walkers.js";

const fixture = JSON.parse(readFileSync(process.env.FIXTURE, "utf8"));

/** Relative to the largest number of the sequence so far: 1e-9. */
function close(actual, expected, what, tolerance = 1e-9) {
  assert.equal(actual.length, expected.length, what);
  let scale = 1e-300;
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  expected.forEach((value, i) => {
    const error = Math.abs(actual[i] - value);
    assert.ok(error <= tolerance * Math.max(Math.abs(value), 1e-6 * scale), `${what}[${i}]: ${actual[i]} is not ${value}`);
  });
}

test("every rule on every surface walks as torch.optim.SGD does", () => {
  for (const run of fixture.trajectories) {
    const place = surface(run.surface, run.curvature);
    const options = { ...run.options, weightDecay: run.options.weight_decay ?? 0 };
    const path = descend((w) => place.gradient(w[0], w[1]), run.start, run.steps, options);
    close(Array.from(path), run.path, `${run.surface} ${JSON.stringify(run.options)}`);
  }
  assert.ok(fixture.trajectories.length >= 36);
});

test("values, gradients and Hessians of the surfaces", () => {
  for (const { name, curvature, points, values, gradients, hessians, minima } of fixture.surfaces) {
    const place = surface(name, curvature);
    close(points.map(([x, y]) => place.value(x, y)), values, `${name} value`);
    close(points.flatMap(([x, y]) => place.gradient(x, y)), gradients, `${name} gradient`);
    close(points.flatMap(([x, y]) => place.hessian(x, y)), hessians, `${name} Hessian`);
    close(place.minima.flat().sort(), minima.flat().sort(), `${name} minima`);
  }
});

test("schedules equal sgdcourse.schedules at every step", () => {
  for (const { name, args, warm, values } of fixture.schedules) {
    const then = schedules[name](args);
    const schedule = warm ? schedules.warmup(warm, then) : then;
    close(values.map((_, t) => schedule(t)), values, `${name} ${JSON.stringify(args)}`, 1e-12);
  }
});

test("random numbers equal Python's", () => {
  for (const { seed, values } of fixture.normals) close(Array.from(normals(seed, values.length)), values, `seed ${seed}`);
});

test("the first walker is the run that Python returns", () => {
  for (const { state, path } of fixture.walkers) {
    const [own] = walk({
      lr: state.lr, curvatures: [1, state.curvature], sigma: state.noise / Math.sqrt(state.batch_size),
      start: [state.x, state.y], steps: state.steps, schedule: () => 1, seed: state.seed, walkers: 2,
    });
    close(Array.from(own), path, "walker 0");
  }
});

test("the noisy quadratic model equals Python's", () => {
  for (const { target, batch, noise, lr, steps, losses } of fixture.batches) {
    const found = bestLr(target, batch, noise);
    close([found, stepsTo(target, { lr: found, batch, noise })], [lr, steps], `batch ${batch}`, 1e-6);
    close(losses.map((_, t) => expectedLoss({ lr, batch, noise }, t)), losses, "loss", 1e-9);
  }
});

test("the walkers' mean loss obeys the moments within sampling error", () => {
  const paths = walk({ lr: 0.1, curvatures: [1, 4], sigma: 1, start: [2, 1], steps: 60, schedule: () => 1, seed: 5, walkers: 4000 });
  for (const [c, curvature] of [[0, 1], [1, 4]]) {
    const { mean, spread } = moments({ lr: 0.1, curvature, variance: 1, start: [2, 1][c], steps: 60, schedule: () => 1 });
    const values = paths.map((path) => path[120 + c]);
    const average = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length;
    assert.ok(Math.abs(average - mean[60]) < 4 * Math.sqrt(spread[60] / 4000));
    assert.ok(Math.abs(variance / spread[60] - 1) < 0.1);
  }
});

test("roots, rates and limits agree with each other", () => {
  for (const [lr, momentum, curvature] of [[0.1, 0.8, 10], [0.3, 0.2, 4], [0.05, 0.99, 1], [0.19, 0, 10]]) {
    for (const nesterov of [false, true]) {
      const [[a, b], [c, d]] = roots(lr, momentum, curvature, nesterov);
      const product = nesterov ? momentum * (1 - lr * curvature) : momentum;
      assert.ok(Math.abs(a * c - b * d - product) < 1e-12);
      const limit = stabilityLimit(momentum, curvature, nesterov);
      assert.ok(rate(limit * 0.999, momentum, curvature, nesterov) < 1);
      assert.ok(rate(limit * 1.001, momentum, curvature, nesterov) > 1);
    }
  }
  const best = polyak(1, 25);
  assert.ok(Math.abs(best.rate - 4 / 6) < 1e-12);
  for (const curvature of [1, 25]) assert.ok(Math.abs(rate(best.lr, best.momentum, curvature) - best.rate) < 1e-6);
});
