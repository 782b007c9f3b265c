// The noisy quadratic model (Zhang et al. 2019): expected loss in closed form, no training.
//
// Sixteen directions with curvatures λᵢ = 1/i share the loss; the gradient noise has variance
// σ²λᵢe₀/B in direction i.  One step: e ← (1 − ηλ)²e + η²σ²λe₀/B; the loss is ½Σλe, 1 at the start.

const CURVATURES = Array.from({ length: 16 }, (_, i) => 1 / (i + 1));
export const START = 2 / CURVATURES.reduce((a, b) => a + b, 0);
const LONGEST = 1e7;

export const BATCHES = Array.from({ length: 15 }, (_, i) => 2 ** i);

/** Expected loss after `t` steps. */
export function expectedLoss({ lr, batch, noise }, t) {
  let loss = 0;
  for (const curvature of CURVATURES) {
    const shrink = (1 - lr * curvature) ** 2;
    const left = shrink ** t;
    const floor = (lr * noise * noise * START) / (batch * (2 - lr * curvature));
    loss += 0.5 * curvature * (left * START + (1 - left) * floor);
  }
  return loss;
}

/** Steps, as a real number, until the expected loss reaches `target`; Infinity if never. */
export function stepsTo(target, run) {
  if (run.lr >= 2 || !(expectedLoss(run, LONGEST) < target)) return Infinity;
  let high = 1;
  while (high < LONGEST && expectedLoss(run, high) > target) high *= 1.5;
  let low = high === 1 ? 0 : high / 1.5;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (expectedLoss(run, middle) > target) low = middle;
    else high = middle;
  }
  return high;
}

/** Learning rate that reaches `target` first, by golden section on its logarithm. */
export function bestLr(target, batch, noise) {
  const steps = (z) => stepsTo(target, { lr: Math.exp(z), batch, noise });
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [Math.log(1e-6), Math.log(1.999)];
  let [c, d] = [b - golden * (b - a), a + golden * (b - a)];
  let [fc, fd] = [steps(c), steps(d)];
  for (let i = 0; i < 32; i++) {
    if (fd === Infinity || fc <= fd) {
      [b, d, fd] = [d, c, fc];
      c = b - golden * (b - a);
      fc = steps(c);
    } else {
      [a, c, fc] = [c, d, fd];
      d = a + golden * (b - a);
      fd = steps(d);
    }
  }
  return Math.exp(fc < fd ? c : d);
}

/** Learning rate of the rule that is compared. */
export const scaledLr = (scaling, base, batch) =>
  base * { linear: batch, sqrt: Math.sqrt(batch), fixed: 1 }[scaling];

/** Steps to `target` of each batch size, with its own best learning rate. */
export function tuned(target, noise, batches = BATCHES) {
  return batches.map((batch) => {
    const lr = bestLr(target, batch, noise);
    const steps = stepsTo(target, { lr, batch, noise });
    return { batch, lr, steps, examples: steps * batch };
  });
}

/** Steps to `target` of each batch size, with the compared rule's learning rate. */
export function scaled(target, noise, scaling, base, batches = BATCHES) {
  return batches.map((batch) => {
    const lr = scaledLr(scaling, base, batch);
    const steps = stepsTo(target, { lr, batch, noise });
    return { batch, lr, steps, examples: steps * batch };
  });
}

/**
 * Fewest steps and fewest examples of (S/Smin − 1)(E/Emin − 1) = 1 through a tuned table:
 * with E = BS it says S = Smin + Emin/B, a straight line in 1/B, fitted to relative errors.
 */
export function fitTradeOff(rows) {
  let [a, b, c, p, q] = [0, 0, 0, 0, 0];
  for (const { batch, steps } of rows.filter((row) => Number.isFinite(row.steps))) {
    const [u, v] = [1 / steps, 1 / (batch * steps)];
    a += u * u;
    b += u * v;
    c += v * v;
    p += u;
    q += v;
  }
  const det = a * c - b * b;
  const [fewestSteps, fewestExamples] = [(p * c - q * b) / det, (a * q - b * p) / det];
  return { fewestSteps, fewestExamples, critical: fewestExamples / fewestSteps };
}
