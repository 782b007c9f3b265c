// Closed forms on quadratics: rates, roots, optimum, moments under noise.

/**
 * The two roots of the error's recursion in a direction of curvature λ, as [re, im] pairs.
 * Heavy ball: z² − (1 + μ − ηλ)z + μ; Nesterov as PyTorch has it: z² − (1 + μ)(1 − ηλ)z + μ(1 − ηλ).
 */
export function roots(lr, momentum, curvature, nesterov = false) {
  const x = lr * curvature;
  const b = nesterov ? (1 + momentum) * (1 - x) : 1 + momentum - x;
  const c = nesterov ? momentum * (1 - x) : momentum;
  const disc = b * b - 4 * c;
  if (disc < 0) {
    const im = Math.sqrt(-disc) / 2;
    return [[b / 2, im], [b / 2, -im]];
  }
  const big = (b + (b < 0 ? -1 : 1) * Math.sqrt(disc)) / 2;
  return [[big, 0], [big === 0 ? 0 : c / big, 0]];
}

/** Factor by which the error shrinks per step in the long run: the larger modulus of the roots. */
export function rate(lr, momentum, curvature, nesterov = false) {
  const x = lr * curvature;
  const b = nesterov ? (1 + momentum) * (1 - x) : 1 + momentum - x;
  const c = nesterov ? momentum * (1 - x) : momentum;
  const disc = b * b - 4 * c;
  return disc < 0 ? Math.sqrt(c) : (Math.abs(b) + Math.sqrt(disc)) / 2;
}

/** The slowest direction decides. */
export const worstRate = (lr, momentum, [low, high], nesterov = false) =>
  Math.max(rate(lr, momentum, low, nesterov), rate(lr, momentum, high, nesterov));

/** Largest stable learning rate. */
export const stabilityLimit = (momentum, curvature, nesterov = false) =>
  (2 + 2 * momentum) / ((nesterov ? 1 + 2 * momentum : 1) * curvature);

/** Polyak's best pair for heavy ball with eigenvalues between `low` and `high`. */
export function polyak(low, high) {
  const [l, h] = [Math.sqrt(low), Math.sqrt(high)];
  const best = (h - l) / (h + l);
  return { lr: (2 / (l + h)) ** 2, momentum: best * best, rate: best };
}

/** Mean and variance after every step of w ← w − η(λw + σξ), from `start`, under a schedule. */
export function moments({ lr, curvature, variance, start, steps, schedule }) {
  const mean = new Float64Array(steps + 1);
  const spread = new Float64Array(steps + 1);
  mean[0] = start;
  for (let t = 0; t < steps; t++) {
    const eta = lr * schedule(t);
    const shrink = 1 - eta * curvature;
    mean[t + 1] = shrink * mean[t];
    spread[t + 1] = shrink * shrink * spread[t] + eta * eta * variance;
  }
  return { mean, spread };
}

/** The loss ½ Σ λᵢuᵢ, from the squares uᵢ of the weights or what is expected of them. */
export const lossOfSquares = (curvatures, squares) =>
  curvatures.reduce((total, curvature, i) => total + 0.5 * curvature * squares[i], 0);

/** Stationary variance of constant-step SGD: ησ²/(λ(2 − ηλ)); infinite where it diverges. */
export function stationaryVariance(lr, curvature, variance) {
  const room = 2 - lr * curvature;
  return room > 0 ? (lr * variance) / (curvature * room) : Infinity;
}
