// Many runs of SGD on a noisy quadratic at once: an ensemble of walkers.
import { normals, walkerSeed } from "./random.js";

const cache = new Map();

/** Gradient noise of `walkers` runs over `steps` steps: [walker][2·step + coordinate]. */
export function noise(seed, walkers, steps) {
  const key = `${seed}/${walkers}/${steps}`;
  if (!cache.has(key)) {
    cache.clear();
    cache.set(key, Array.from({ length: walkers }, (_, k) => normals(walkerSeed(seed, k), 2 * steps)));
  }
  return cache.get(key);
}

/** Paths of all walkers, each a Float64Array of (steps + 1) × 2. */
export function walk({ lr, curvatures, sigma, start, steps, schedule, seed, walkers }) {
  const rates = Float64Array.from({ length: steps }, (_, t) => lr * schedule(t));
  const [flat, steep] = curvatures;
  return noise(seed, walkers, steps).map((xi) => {
    const path = new Float64Array(2 * steps + 2);
    path.set(start, 0);
    let [x, y] = start;
    for (let t = 0; t < steps; t++) {
      const rate = rates[t];
      path[2 * t + 2] = x -= rate * (flat * x + sigma * xi[2 * t]);
      path[2 * t + 3] = y -= rate * (steep * y + sigma * xi[2 * t + 1]);
    }
    return path;
  });
}

/** Mean and standard deviation of both coordinates over the walkers at step `t`. */
export function spreadAt(paths, t) {
  const out = [];
  for (const c of [0, 1]) {
    const values = paths.map((path) => path[2 * t + c]);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const square = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    out.push({ mean, sd: Math.sqrt(square) });
  }
  return out;
}

/** Mean over the walkers of the loss ½Σλw² after every step. */
export function meanLoss(paths, curvatures) {
  const [flat, steep] = curvatures.map((curvature) => curvature / (2 * paths.length));
  const loss = new Float64Array(paths[0].length / 2);
  for (const path of paths) {
    for (let t = 0; t < loss.length; t++) {
      loss[t] += flat * path[2 * t] * path[2 * t] + steep * path[2 * t + 1] * path[2 * t + 1];
    }
  }
  return loss;
}
