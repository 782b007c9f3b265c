// Schedule: shape the learning rate by its handles; the loss on a noisy quadratic follows at once.
import { lossOfSquares, moments } from "./core/quadratic.js";
import * as schedules from "./core/schedules.js";
import { quadraticScript } from "./core/torch.js";
import { meanLoss, walk } from "./core/walkers.js";
import { format, plural } from "./ui/dom.js";
import { explorer } from "./ui/explorer.js";
import { Handle } from "./ui/handle.js";
import { Plot } from "./ui/plot.js";
import { lossDomain } from "./ui/shared.js";

const WALKERS = 100;
const START = [2, 1];

const whole = (value) => Math.max(1, Math.round(value));

/**
 * Each schedule: its arguments for a length n, a shape p and an end e; its factor in Python;
 * where its shape handle stands; and which of "shape" and "end" it uses.
 */
const KINDS = {
  constant: { make: () => schedules.constant(), python: () => "1.0" },
  step: {
    make: (n, p) => schedules.step({ step_size: whole(p * n) }), uses: ["shape"], at: (n, p) => whole(p * n),
    python: (n, p) => `0.1 ** (t // ${whole(p * n)})`, shape: "Steps between cuts, as a share",
  },
  exponential: {
    make: (n, p) => schedules.exponential({ gamma: 0.1 ** (1 / (p * n)) }), uses: ["shape"], at: (n, p) => p * n,
    python: (n, p) => `${0.1 ** (1 / (p * n))} ** t`, shape: "A tenth is left after this share",
  },
  polynomial: {
    make: (n, p, end) => schedules.polynomial({ steps: n, power: 1 / p, end }), uses: ["shape", "end"],
    python: (n, p, e) => `${e} + ${1 - e} * (1 - min(t, ${n}) / ${n}) ** ${1 / p}`, shape: "1/power",
  },
  linear: {
    make: (n, p, end) => schedules.linear({ steps: n, end }), uses: ["end"],
    python: (n, p, e) => `${e} + ${1 - e} * (1 - min(t, ${n}) / ${n})`,
  },
  inverse_time: {
    make: (n, p) => schedules.inverse_time({ decay: 1 / (p * n) }), uses: ["shape"], at: (n, p) => p * n,
    python: (n, p) => `1 / (1 + ${1 / (p * n)} * t)`, shape: "Half is left after this share",
  },
  inverse_sqrt: {
    make: (n, p) => schedules.inverse_sqrt({ scale: (p * n) / 3 }), uses: ["shape"], at: (n, p) => p * n,
    python: (n, p) => `1 / math.sqrt(1 + t / ${(p * n) / 3})`, shape: "Half is left after this share",
  },
  cosine: {
    make: (n, p, end) => schedules.cosine({ steps: n, end }), uses: ["end"],
    python: (n, p, e) => `${e} + ${1 - e} * (1 + math.cos(math.pi * min(t, ${n}) / ${n})) / 2`,
  },
  warm_restarts: {
    make: (n, p, end) => schedules.warm_restarts({ period: whole(p * n), end }), uses: ["shape", "end"], at: (n, p) => whole(p * n),
    python: (n, p, e) => `${e} + ${1 - e} * (1 + math.cos(math.pi * (t % ${whole(p * n)}) / ${whole(p * n)})) / 2`,
    shape: "Period, as a share",
  },
  one_cycle: {
    make: (n, p) => schedules.one_cycle({ steps: n, warm: warmShare(n, p) }), uses: ["shape"], at: (n, p) => warmShare(n, p) * n,
    python: (n, p) => {
      const top = warmShare(n, p) * n - 1;
      const half = (a, b, u) => `${b} + ${a - b} * (1 + math.cos(math.pi * ${u})) / 2`;
      return `${half(0.04, 1, `t / ${top}`)} if t <= ${top} else ${half(1, 4e-6, `min(1, (t - ${top}) / ${n - 1 - top})`)}`;
    },
    shape: "Share spent rising",
  },
  wsd: {
    make: (n, p, end) => schedules.wsd({ steps: n, warmup: 0, decay: whole(p * n), end }), uses: ["shape", "end"],
    at: (n, p) => n - whole(p * n), inverse: (n, t) => (n - t) / n,
    python: (n, p, e) => `1 - ${1 - e} * min(1, max(0, t - ${n - whole(p * n)}) / ${whole(p * n)})`, shape: "Share spent falling",
  },
};

const warmShare = (n, p) => Math.min(0.9, Math.max(p, 2 / n));

/** Warm-up steps that are used: at most half of the run. */
export const warmSteps = ({ warmup, steps }) => Math.min(warmup, Math.floor(steps / 2));

/** The schedule on screen as a function step → factor. */
export function scheduleOf(state) {
  const warm = warmSteps(state);
  const then = KINDS[state.schedule].make(state.steps - warm, state.shape, state.end);
  return warm ? schedules.warmup(warm, then) : then;
}

/** Expected loss on ½(x² + κy²) after every step. */
function expectedLoss(state, schedule) {
  const curvatures = [1, state.curvature];
  const parts = curvatures.map((curvature, c) =>
    moments({ lr: state.lr, curvature, variance: state.noise ** 2, start: START[c], steps: state.steps, schedule }));
  return Float64Array.from({ length: state.steps + 1 }, (_, t) =>
    lossOfSquares(curvatures, parts.map(({ mean, spread }) => mean[t] ** 2 + spread[t])));
}

export function compute(state) {
  const schedule = scheduleOf(state);
  const curvatures = [1, state.curvature];
  const paths = walk({ ...state, curvatures, sigma: state.noise, start: START, schedule, walkers: WALKERS });
  const rates = Float64Array.from({ length: state.steps }, (_, t) => state.lr * schedule(t));
  return {
    length: state.steps, schedule, rates,
    expected: expectedLoss(state, schedule), constant: expectedLoss(state, () => 1), mean: meanLoss(paths, curvatures),
  };
}

function setup(view) {
  const rateChart = new Plot({
    title: "Learning rate, by step", label: "Learning rate at every step",
    x: { padding: 10 }, y: { domain: [0, 0.25], padding: 9 }, margin: { bottom: 36 }, height: (width) => Math.min(260, Math.max(200, width * 0.42)),
  });
  const chart = new Plot({
    title: "Loss by step: mean, predicted (dashed), constant η (dotted)",
    label: "Loss at every step, logarithmic: mean over runs, prediction, prediction at constant learning rate",
    x: {}, y: { log: true, domain: [1e-4, 10] }, height: (width) => Math.min(240, Math.max(190, width * 0.4)),
  });
  view.figure.append(rateChart.node, chart.node);
  const handles = makeHandles(rateChart, view);
  return {
    layout(width) {
      rateChart.layout(width);
      chart.layout(width);
    },
    draw(result, frame, state) {
      rateChart.domains([0, state.steps], [0, state.lr > 0.23 ? 0.55 : 0.25]);
      const points = Array.from(result.rates, (lr, t) => [t, lr]);
      rateChart.line("all", "sgd-path sgd-faint", points);
      rateChart.line("rate", "sgd-path", points.slice(0, frame + 1));
      rateChart.line("limit", "sgd-limit", [[0, 2 / state.curvature], [state.steps, 2 / state.curvature]]);
      handles(result, state);
      chart.domains([0, state.steps], lossDomain(result.expected, result.mean));
      const line = (values, last) => Array.from(values.subarray(0, last + 1), (v, t) => [t, Math.max(v, 1e-16)]);
      chart.line("constant", "sgd-dotted", line(result.constant, state.steps));
      chart.line("mean", "sgd-path", line(result.mean, frame));
      chart.line("theory", "sgd-theory", line(result.expected, state.steps));
    },
  };
}

const within = (value, low, high) => Math.min(high, Math.max(low, value));

/** Three handles: highest rate with warm-up, shape, end. */
function makeHandles(plot, view) {
  const length = () => view.state.steps - warmSteps(view.state);
  const peak = new Handle(plot, {
    label: "Highest learning rate and length of the warm-up",
    move: (t, lr) => view.set({
      lr: within(Number(lr.toPrecision(3)), 0.001, 0.5), warmup: within(Math.round(t), 0, Math.min(200, Math.floor(view.state.steps / 2))),
    }),
  });
  const shape = new Handle(plot, {
    label: "Shape of the schedule", axis: "x",
    move: (t) => {
      const n = length();
      const since = t - warmSteps(view.state);
      const share = KINDS[view.state.schedule].inverse?.(n, since) ?? since / n;
      view.set({ shape: Number(within(share, 0.02, 1).toFixed(3)) });
    },
  });
  const end = new Handle(plot, {
    label: "Learning rate at the end", axis: "y",
    move: (_, lr) => view.set({ end: Number(within(lr / view.state.lr, 0, 1).toFixed(3)) }),
  });
  return ({ schedule }, state) => {
    const kind = KINDS[state.schedule];
    const warm = warmSteps(state);
    const uses = kind.uses ?? [];
    const at = kind.at ? warm + kind.at(state.steps - warm, state.shape) : 0;
    peak.place(warm, state.lr, `learning rate ${format(state.lr)}, ${plural(warm, "step")} of warm-up`, [0, state.steps]);
    shape.show(Boolean(kind.at));
    shape.place(at, state.lr * schedule(Math.floor(Math.min(at, state.steps - 1))), `at step ${format(at)}`);
    end.show(uses.includes("end"));
    end.place(state.steps, state.lr * state.end, `${format(state.lr * state.end)}`);
  };
}

function words({ expected, constant, mean, rates }, state) {
  const last = state.steps;
  const limit = 2 / state.curvature;
  const high = rates.filter((lr) => lr > limit).length;
  const danger = high ? `For ${plural(high, "step")} the learning rate lies above the limit of stability ${format(limit)}. ` : "";
  const asked = state.warmup > warmSteps(state)
    ? ` The warm-up takes half of the run at most: ${plural(warmSteps(state), "step")} instead of ${state.warmup}.` : "";
  if (!(expected[last] < 1e6)) return `${danger}Diverged: take a smaller learning rate.${asked}`;
  const ratio = constant[last] / expected[last];
  const compared = !Number.isFinite(ratio) || ratio > 1e6 ? "would diverge"
    : Math.abs(ratio - 1) < 0.02 ? "would do as well"
    : "";
  const times = ratio > 1 ? `${format(ratio, 2)} times lower` : `${format(1 / ratio, 2)} times higher`;
  const alone = state.schedule === "constant" && warmSteps(state) === 0;
  const beside = alone ? "." : compared ? `. A constant learning rate ${compared}.` : `, ${times} than with a constant learning rate.`;
  return `${danger}After ${plural(last, "step")} the mean loss over ${WALKERS} runs is ${format(mean[last])}; predicted ${format(expected[last])}${beside} ` +
    `The learning rate ends at ${format(rates[last - 1])}; the learning rates of all steps add up to ${format(rates.reduce((a, b) => a + b, 0))}.${asked}`;
}

const names = {
  step: "step (a tenth at each cut)", inverse_time: "1/t", inverse_sqrt: "1/√t", linear: "linear", one_cycle: "one-cycle",
  warm_restarts: "cosine with warm restarts", wsd: "warm-up, stable, decay",
};

function python(state) {
  const warm = warmSteps(state);
  const then = KINDS[state.schedule].python(state.steps - warm, state.shape, state.end);
  if (!warm) return then;
  return `after(0) * (t + 1) / ${warm} if t < ${warm} else after(t - ${warm})\n\ndef after(t):\n    return ${then}`;
}

export const definition = {
  title: "Shape a learning-rate schedule",
  lead: "Drag the handles: highest rate and warm-up, shape, end. The loss on a noisy quadratic answers at once.",
  controls: ["schedule", "lr", "warmup", "shape", "end", "steps", "noise", "curvature", "seed"],
  names: { schedule: names },
  setup,
  compute,
  words,
  method: () => "schedule",
  code: (state) => quadraticScript({ ...state, x: START[0], y: START[1], sigma: String(state.noise), expression: python(state) }),
  hidden: (state) => ["shape", "end"].filter((name) => !(KINDS[state.schedule].uses ?? []).includes(name)),
  relabel: (state, controls) => { controls.shape.rename(KINDS[state.schedule].shape ?? "Shape"); },
  note: "Simulated: f = ½(x² + κy²) from (2, 1), each gradient with normal noise of standard deviation σ. Dashed in the upper plot: limit of stability 2/κ.",
};

export default explorer("schedule", definition);
