// What a path did, in numbers: converged, oscillated, diverged; the rate it had.
import { eigenvalues } from "./surfaces.js";
import { worstRate } from "./quadratic.js";

const SMALL = 1e-6;
const HUGE = 1e6;

/** Geometric mean factor per step of a positive sequence over its last part above round-off. */
export function measuredRate(values) {
  const floor = values[0] * 1e-13;
  let end = values.findIndex((v) => !(v > floor));
  end = end < 0 ? values.length : end;
  const from = Math.floor(end / 2);
  const n = end - from;
  if (n < 4) return end >= 2 ? (values[end - 1] / values[0]) ** (1 / (end - 1)) : NaN;
  let [sx, sy, sxx, sxy] = [0, 0, 0, 0];
  for (let i = from; i < end; i++) {
    const y = Math.log(values[i]);
    sx += i;
    sy += y;
    sxx += i * i;
    sxy += i * y;
  }
  return Math.exp((n * sxy - sx * sy) / (n * sxx - sx * sx));
}

/** Unit vector of the larger eigenvalue of the Hessian [a, b, c]. */
function steepest([a, b, c]) {
  const high = eigenvalues([a, b, c])[1];
  const [x, y] = Math.abs(high - a) > Math.abs(high - c) ? [b, high - a] : [high - c, b];
  const size = Math.hypot(x, y);
  return size > 0 ? [x / size, y / size] : [1, 0];
}

/** Share of the steps that turn back along the steepest direction at the minimum, 0 to 1. */
export function turningBack(path, hessian) {
  const [ux, uy] = steepest(hessian);
  const moves = [];
  for (let i = 2; i + 1 < path.length; i += 2) {
    moves.push(ux * (path[i] - path[i - 2]) + uy * (path[i + 1] - path[i - 1]));
  }
  const largest = Math.max(...moves.map(Math.abs));
  const told = moves.filter((move) => Math.abs(move) > 1e-6 * largest);
  const turns = told.filter((move, i) => i > 0 && move * told[i - 1] < 0).length;
  return told.length > 1 ? turns / (told.length - 1) : 0;
}

/** First step at which the path has left for good (or is no number), −1 if it never does. */
export function divergedAt(path) {
  for (let i = 0; i < path.length; i += 2) {
    if (!(Math.abs(path[i]) < HUGE && Math.abs(path[i + 1]) < HUGE)) return i / 2;
  }
  return -1;
}

const distance = (path, i, [x, y]) => Math.hypot(path[2 * i] - x, path[2 * i + 1] - y);

/** Whether the path ends by jumping to and fro between two points. */
function flips(path, steps) {
  if (steps < 2) return false;
  const [now, before, earlier] = [0, 1, 2].map((back) => [path[2 * (steps - back)], path[2 * (steps - back) + 1]]);
  const jump = distance(before, 0, now);
  return jump > 1e-6 && distance(earlier, 0, now) < 1e-6 * jump;
}

/** The ends that every explorer of paths tells in the same words. */
export const ENDS = {
  resting: "The start is a minimum: nothing moves.",
  oscillating: "Oscillates: it jumps to and fro between two points and will not settle.",
};

/** Everything the sentence needs to know about a path on a surface. */
export function outcome(path, surface, { lr, momentum, nesterov }) {
  const steps = path.length / 2 - 1;
  const left = divergedAt(path);
  const above = (minimum, count) => {
    const lowest = surface.value(...minimum);
    return Array.from({ length: count }, (_, i) => surface.value(path[2 * i], path[2 * i + 1]) - lowest);
  };
  if (left >= 0) {
    const minimum = surface.minima[0];
    const curvatures = eigenvalues(surface.hessian(...minimum));
    return {
      verdict: "diverged", step: left, gaps: above(minimum, left),
      predicted: worstRate(lr, momentum, curvatures, nesterov),
    };
  }
  const ends = surface.minima.map((m) => distance(path, steps, m));
  const minimum = surface.minima[ends.indexOf(Math.min(...ends))];
  const curvatures = eigenvalues(surface.hessian(...minimum));
  const gaps = above(minimum, steps + 1);
  const distances = Array.from({ length: steps + 1 }, (_, i) => distance(path, i, minimum));
  let reached = gaps.length;
  while (reached > 0 && gaps[reached - 1] <= SMALL * gaps[0]) reached -= 1;
  const converged = gaps[0] === 0 || reached <= steps;
  const last = [path[2 * steps], path[2 * steps + 1]];
  const flat = Math.hypot(...surface.gradient(...last)) < 1e-6 * (1 + Math.hypot(...surface.gradient(path[0], path[1])));
  const verdict = gaps[0] === 0 && gaps[steps] === 0
    ? "resting"
    : converged ? "converged"
    : flat && eigenvalues(surface.hessian(...last))[0] < 0 ? "saddle"
    : flips(path, steps) ? "oscillating"
    : gaps[steps] > gaps[0] ? "growing" : "travelling";
  return {
    verdict, step: reached, minimum, gaps,
    turns: turningBack(path, surface.hessian(...minimum)),
    predicted: worstRate(lr, momentum, curvatures, nesterov),
    measured: measuredRate(distances),
    near: distances[steps] < 0.05,
  };
}
