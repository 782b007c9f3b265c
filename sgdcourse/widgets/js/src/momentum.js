// Momentum: the lr × momentum plane coloured by rate, the roots behind it, and the path.
import { ENDS, outcome } from "./core/outcome.js";
import { polyak, roots, stabilityLimit, worstRate } from "./core/quadratic.js";
import { descend } from "./core/rules.js";
import { surface as surfaceOf } from "./core/surfaces.js";
import { descentScript } from "./core/torch.js";
import { bands, surfaceBands } from "./ui/contour.js";
import { apart, format, plural } from "./ui/dom.js";
import { explorer } from "./ui/explorer.js";
import { Handle, onPlace } from "./ui/handle.js";
import { Plot } from "./ui/plot.js";
import { columns, inSight, losses, pathPoints, surfaceWindow } from "./ui/shared.js";

const TOP = 0.99;
const LEVELS = Array.from({ length: 14 }, (_, i) => 0.12 + 0.22 * i);

function compute(state) {
  const curvatures = [1, state.curvature];
  const surface = surfaceOf("quadratic", state.curvature);
  const nesterov = state.nesterov && state.momentum > 0;
  const rule = { lr: state.lr, momentum: state.momentum, nesterov };
  const path = descend((w) => surface.gradient(w[0], w[1]), [state.x, state.y], state.steps, rule);
  return {
    length: state.steps, path, surface, curvatures, nesterov,
    points: pathPoints(path),
    found: outcome(path, surface, rule),
    roots: curvatures.map((curvature) => roots(state.lr, state.momentum, curvature, nesterov)),
    best: polyak(...curvatures),
    limit: stabilityLimit(state.momentum, state.curvature, nesterov),
  };
}

/** How much slower than the best pair, on a logarithmic scale; deepest where it diverges. */
function slowness(curvatures, best, nesterov) {
  return (lr, momentum) => {
    const factor = worstRate(lr, Math.max(0, momentum), curvatures, nesterov);
    return factor < 1 ? Math.min(9, Math.log(Math.log(best) / Math.log(Math.max(factor, 1e-9)))) : 9;
  };
}

const range = (n) => Array.from({ length: n + 1 }, (_, i) => i / n);

function drawPlane(plane, { curvatures, nesterov, best }) {
  const high = curvatures[1];
  plane.domains([0, (nesterov ? 2.2 : 4) / high], [0, TOP]);
  bands(plane, slowness(curvatures, Math.min(best.rate || 0.05, 0.999), nesterov), LEVELS);
  const momenta = range(60).map((u) => u * TOP);
  plane.line("limit", "sgd-limit", momenta.map((m) => [stabilityLimit(m, high, nesterov), m]));
  for (const [name, curvature] of [["slow", curvatures[0]], ["steep", high]]) {
    const critical = nesterov
      ? range(200).map((u) => [u / curvature, (1 - Math.sqrt(u)) / (1 + Math.sqrt(u))])
      : range(200).map((u) => [(4 * u) / curvature, (1 - 2 * Math.sqrt(u)) ** 2]);
    plane.line(`critical-${name}`, `sgd-critical sgd-${name}`, critical);
  }
}

const CIRCLE = range(90).map((u) => [Math.cos(2 * Math.PI * u), Math.sin(2 * Math.PI * u)]);

function drawRoots(plot, result) {
  plot.domains(...surfaceWindow({ window: [[-1.2, 1.2], [-1.2, 1.2]] }, plot));
  plot.line("circle", "sgd-circle", CIRCLE);
  plot.line("axis", "sgd-fine-line", [[-2, 0], [2, 0]]);
  plot.dots("slow", "sgd-root sgd-slow", result.roots[0]);
  plot.dots("steep", "sgd-root sgd-steep", result.roots[1]);
}

function setup(view) {
  const wide = (width) => Math.min(300, Math.max(230, width * 0.85));
  const plane = new Plot({
    title: "Rate over η and μ (faint: fast)",
    label: "Rate of convergence over learning rate and momentum",
    x: { label: "learning rate η" }, y: { label: "momentum μ", domain: [0, TOP] }, height: wide,
  });
  const circle = new Plot({
    title: "Roots in the complex plane", label: "The two roots of each direction and the unit circle",
    x: { label: "real part", }, y: { label: "imaginary part" }, height: wide,
  });
  const map = new Plot({
    title: "Path", label: "Contours of the quadratic with the path", x: { label: "" }, y: { label: "" },
    height: (width) => Math.min(230, Math.max(190, width * 0.7)), margin: { bottom: 22 },
  });
  const chart = new Plot({
    title: "Loss, by step", label: "Loss at every step, logarithmic",
    x: {}, y: { log: true, domain: [1e-6, 10] },
    height: (width) => Math.min(230, Math.max(190, width * 0.7)), margin: { bottom: 22 },
  });
  const plots = [plane, circle, map, chart];
  view.figure.append(...plots.map((plot) => plot.node));
  const pick = (lr, momentum) => view.set({
    lr: Math.max(1e-5, Number(lr.toPrecision(3))), momentum: Number(Math.min(TOP, Math.max(0, momentum)).toFixed(3)),
  });
  const start = (x, y) => view.set({ x: clamp(x, 2.5), y: clamp(y, 2.5) });
  const setting = new Handle(plane, { label: "Learning rate and momentum: drag, or use the arrow keys", move: pick });
  const handle = new Handle(map, { label: "Start point: drag it, or use the arrow keys", move: start });
  onPlace(plane, pick);
  onPlace(map, start);
  let ground = "";
  return {
    layout(width) {
      columns(plots, width, 0.55);
      ground = "";
    },
    draw(result, frame, state) {
      const key = `${state.curvature}/${result.nesterov}`;
      if (key !== ground) {
        ground = key;
        drawPlane(plane, result);
        map.domains(...surfaceWindow(result.surface, map));
        surfaceBands(map, result.surface, 10);
      }
      plane.dots("best", "sgd-best", result.nesterov ? [] : [[result.best.lr, result.best.momentum]]);
      setting.place(state.lr, state.momentum, `learning rate ${format(state.lr)}, momentum ${format(state.momentum)}`);
      drawRoots(circle, result);
      const shown = inSight(result.points, result.found.verdict, map).slice(0, frame + 1);
      map.line("path", "sgd-path", shown);
      map.dots("dots", "sgd-dots sgd-fine", shown);
      handle.place(state.x, state.y, `${format(state.x)} and ${format(state.y)}`);
      losses(chart, result.found.gaps, result.found.predicted, frame, state.steps);
    },
  };
}

const clamp = (value, limit) => Number(Math.max(-limit, Math.min(limit, value)).toFixed(3));

/** Over-, under- or critically damped, or out of bounds. */
function damping([[re, im], [other]]) {
  if (Math.hypot(re, im) > 1) return "unstable";
  if (im !== 0) return "underdamped";
  return Math.abs(re - other) < 1e-6 ? "critically damped" : re < 0 || other < 0 ? "flipping sign" : "overdamped";
}

function words({ found, roots: pairs, best, limit, nesterov }, state) {
  const [slow, steep] = pairs.map(damping);
  const how = `The slow direction is ${slow}, the steep one ${steep}.`;
  const factor = `${how} Predicted factor per step ${apart(found.predicted, 1, 4)[0]}`;
  const unstable = found.predicted > 1 + 1e-9;
  if (found.verdict === "resting") return `${ENDS.resting}${unstable ? " From any other it would diverge." : ""} ${factor}.`;
  if (found.verdict === "diverged" || unstable) {
    const grows = [state.x, state.y].some((w, i) => w !== 0 && pairs[i].some((root) => Math.hypot(...root) > 1));
    const [own, most] = apart(state.lr, limit);
    return `${grows ? "Diverges" : "Would diverge from any start off the axis"}: the learning rate ${own} lies above the limit ${most} for this momentum. ${factor}.`;
  }
  const end = found.verdict === "converged" ? `Converged in ${plural(found.step, "step")}.`
    : found.verdict === "oscillating" ? ENDS.oscillating
    : `Not there after ${plural(state.steps, "step")}.`;
  const measured = Number.isFinite(found.measured) ? `, measured ${format(found.measured, 4)}` : "";
  const compared = nesterov ? "" : ` The best pair for κ = ${format(state.curvature)} is η = ${format(best.lr)}, μ = ${format(best.momentum)}, with factor ${format(best.rate, 4)}.`;
  return `${end} ${factor}${measured}.${compared}`;
}

export const definition = {
  title: "Momentum: two knobs, two roots",
  lead: "Click or drag in the plane of learning rate and momentum; the square marks Polyak’s best pair.",
  controls: ["curvature", "lr", "momentum", "nesterov", "steps", "x", "y"],
  setup,
  compute,
  words,
  method: ({ momentum, nesterov }) => (momentum === 0 ? "gd" : nesterov ? "nesterov" : "momentum"),
  code: (state) => descentScript({ ...state, expression: surfaceOf("quadratic", state.curvature).python }),
  hidden: (state) => (state.momentum > 0 ? [] : ["nesterov"]),
  note: "Blue marks the direction of curvature 1, orange that of curvature κ; dotted lines: critical damping of each; dashed line: limit of stability. While the roots are complex the measured factor swings around the predicted one.",
};

export default explorer("momentum", definition);
