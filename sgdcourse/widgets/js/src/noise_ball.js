// Noise ball: an ensemble of SGD runs on a noisy quadratic, with the predicted 1-σ ellipse.
import { lossOfSquares, moments, stationaryVariance } from "./core/quadratic.js";
import * as schedules from "./core/schedules.js";
import { quadraticScript } from "./core/torch.js";
import { meanLoss, spreadAt, walk } from "./core/walkers.js";
import { surface as surfaceOf } from "./core/surfaces.js";
import { surfaceBands } from "./ui/contour.js";
import { apart, format, plural } from "./ui/dom.js";
import { explorer } from "./ui/explorer.js";
import { Handle, onPlace } from "./ui/handle.js";
import { Plot } from "./ui/plot.js";
import { lossDomain, pathPoints, surfaceWindow } from "./ui/shared.js";

export const WALKERS = 200;
const WINDOW = [[-3.2, 3.2], [-2.2, 2.2]];

/** The chosen schedule, shaped for the length of the run. */
export const scheduleOf = ({ schedule, steps }) => ({
  constant: () => schedules.constant(),
  inverse_time: () => schedules.inverse_time({ decay: 10 / steps }),
  inverse_sqrt: () => schedules.inverse_sqrt({ scale: steps / 10 }),
  linear: () => schedules.linear({ steps }),
  cosine: () => schedules.cosine({ steps }),
})[schedule]();

export function compute(state) {
  const curvatures = [1, state.curvature];
  const schedule = scheduleOf(state);
  const sigma = state.noise / Math.sqrt(state.batch_size);
  const start = [state.x, state.y];
  const paths = walk({ ...state, curvatures, sigma, start, schedule, walkers: WALKERS });
  const theory = curvatures.map((curvature, c) =>
    moments({ lr: state.lr, curvature, variance: sigma * sigma, start: start[c], steps: state.steps, schedule }));
  const expected = Float64Array.from({ length: state.steps + 1 }, (_, t) =>
    lossOfSquares(curvatures, theory.map(({ mean, spread }) => mean[t] ** 2 + spread[t])));
  return {
    length: state.steps, curvatures, sigma, paths, theory, expected,
    mean: meanLoss(paths, curvatures), run: meanLoss(paths.slice(0, 1), curvatures), points: pathPoints(paths[0]),
  };
}

/** Points of the ellipse of one predicted standard deviation around the predicted mean. */
function ellipse(theory, t) {
  const [x, y] = theory.map(({ mean, spread }) => [mean[t], Math.sqrt(spread[t])]);
  return Array.from({ length: 61 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 60;
    return [x[0] + x[1] * Math.cos(angle), y[0] + y[1] * Math.sin(angle)];
  });
}

const series = (values, frame) => Array.from(values.subarray(0, frame + 1), (v, t) => [t, Math.max(v, 1e-16)]);

function setup(view) {
  const map = new Plot({
    label: "Contours of the loss with the cloud of runs and the predicted ellipse",
    x: { label: "weight 1" }, y: { label: "weight 2" },
    height: (width) => Math.min(420, Math.max(250, width * 0.7)), margin: { bottom: 24 },
  });
  const chart = new Plot({
    title: "Loss by step: one run (thin), mean, predicted (dashed)",
    label: "Loss at every step, logarithmic: one run, mean over runs, prediction",
    x: {}, y: { log: true, domain: [1e-4, 10] }, height: () => 160,
  });
  view.figure.append(map.node, chart.node);
  const clamp = (value, limit) => Number(Math.max(-limit, Math.min(limit, value)).toFixed(3));
  const move = (x, y) => view.set({ x: clamp(x, 3), y: clamp(y, 2) });
  const handle = new Handle(map, { label: "Start point: drag it, or use the arrow keys", move });
  onPlace(map, move);
  let ground = "";
  return {
    layout(width) {
      map.layout(width);
      chart.layout(width);
      ground = "";
    },
    draw(result, frame, state) {
      const key = String(state.curvature);
      if (key !== ground) {
        ground = key;
        const surface = { ...surfaceOf("quadratic", state.curvature), window: WINDOW };
        map.domains(...surfaceWindow(surface, map));
        surfaceBands(map, surface, 9);
      }
      map.line("path", "sgd-path sgd-thin", result.points.slice(0, frame + 1));
      map.dots("cloud", "sgd-cloud", result.paths.map((path) => [path[2 * frame], path[2 * frame + 1]]));
      map.line("ellipse", "sgd-theory sgd-strong", ellipse(result.theory, frame));
      map.dots("now", "sgd-now", result.points.slice(frame, frame + 1));
      handle.place(state.x, state.y, `${format(state.x)} and ${format(state.y)}`);
      chart.domains([0, state.steps], lossDomain(result.expected, result.mean));
      chart.line("run", "sgd-path sgd-thin", series(result.run, frame));
      chart.line("mean", "sgd-path", series(result.mean, frame));
      chart.line("theory", "sgd-theory", series(result.expected, state.steps));
    },
  };
}

const pair = (values) => `${format(values[0], 3)} and ${format(values[1], 3)}`;

/** Steps whose ηλ lies above 2 in the steep direction. */
function wildSteps(state) {
  const schedule = scheduleOf(state);
  const limit = (2 * (1 + 1e-9)) / (state.lr * state.curvature);
  return Array.from({ length: state.steps }, (_, t) => schedule(t)).filter((factor) => factor > limit).length;
}

/** The sentence where the steps by themselves decide, whatever the noise does; else nothing. */
function withoutEnd(wild, expected, state) {
  const steepest = state.lr * state.curvature;
  const last = state.steps;
  if (state.noise === 0 && state.x === 0 && state.y === 0) return "The start is the minimum, and there is no noise: nothing moves.";
  if (state.noise === 0 && state.y === 0 && state.curvature > 1) return "";
  if (state.schedule === "constant" && Math.abs(steepest - 2) < 1e-8) {
    return `ηλ is exactly 2 in the steep direction: the weights flip for ever${state.noise ? ", and the noise adds up" : ""}.`;
  }
  if (wild < last && (wild === 0 || expected[last] < 1e3)) return "";
  const often = wild < last ? `for ${plural(wild, "step")} ηλ lies above 2, at most at ${apart(steepest, 2)[0]},` : `ηλ is ${apart(steepest, 2)[0]}`;
  return `Diverges: ${often} in the steep direction, and above 2 every step throws the weights further out, with or without noise.`;
}

/** Where the ball is: still on its way, or how it behaves around the minimum. */
function verdict({ theory, curvatures }, state) {
  const last = state.steps;
  const place = theory.map(({ mean }) => mean[last]);
  const [shareOfMean, shareAtStart] = [place, [state.x, state.y]].map((at) => lossOfSquares(curvatures, at.map((w) => w * w)));
  const shares = Array.from({ length: last + 1 }, (_, t) => lossOfSquares(curvatures, theory.map(({ spread }) => spread[t])));
  if (shareOfMean > Math.max(shares[last], 1e-6 * shareAtStart)) {
    return `On its way: after ${plural(last, "step")} the mean is still at (${format(place[0])}, ${format(place[1])}).`;
  }
  if (state.noise === 0) return "Without noise all runs are one and converge.";
  if (state.schedule === "constant") return "Hovers around the minimum and does not converge.";
  return shares[last] < 0.98 * Math.max(...shares) ? "The smaller steps draw the ball together." : "Around the minimum, and the ball still grows.";
}

function words(result, state) {
  const { paths, theory, curvatures, sigma, expected, mean } = result;
  const last = state.steps;
  const wild = wildSteps(state);
  const end = withoutEnd(wild, expected, state);
  if (end) return end;
  const axis = "From any start off the axis it would diverge: ηλ lies above 2 in the steep direction. ";
  const first = wild === last ? axis : wild ? `For ${plural(wild, "step")} ηλ lies above 2; then the steps are small enough again. ` : "";
  const loss = `Mean loss ${format(mean[last])}, predicted ${format(expected[last])}.`;
  const head = first + verdict(result, state);
  if (state.noise === 0) return `${head} ${loss}`;
  const measured = spreadAt(paths, last).map(({ sd }) => sd);
  const predicted = theory.map(({ spread }) => Math.sqrt(spread[last]));
  const rest = curvatures.map((c) => Math.sqrt(stationaryVariance(state.lr, c, sigma * sigma)));
  const still = state.schedule === "constant" ? ` If it ran on, they would settle at ${pair(rest)}.` : "";
  return `${head} After ${plural(last, "step")} the standard deviations over ${WALKERS} runs are ${pair(measured)}; theory says ${pair(predicted)}.${still} ${loss}`;
}

export const definition = {
  title: "The noise ball",
  lead: `${WALKERS} runs of SGD from one start. Drag the ring; the dashed ellipse is one standard deviation, predicted.`,
  controls: ["lr", "batch_size", "schedule", "noise", "curvature", "steps", "seed", "x", "y"],
  names: { schedule: { inverse_time: "1/t", inverse_sqrt: "1/√t", linear: "linear to zero" } },
  setup,
  compute,
  words,
  method: ({ batch_size: batch }) => (batch === 1 ? "sgd" : "mini-batch"),
  code: (state) => quadraticScript({ ...state, sigma: `${state.noise} / ${state.batch_size}**0.5`, expression: {
    constant: "1.0", inverse_time: `1 / (1 + ${10 / state.steps} * t)`, inverse_sqrt: `1 / math.sqrt(1 + t / ${state.steps / 10})`,
    linear: `1 - t / ${state.steps}`, cosine: `(1 + math.cos(math.pi * t / ${state.steps})) / 2`,
  }[state.schedule] }),
  note: "Simulated: f = ½(x² + κy²), each gradient with independent normal noise of standard deviation σ/√B in both weights.",
};

export default explorer("noise_ball", definition);
