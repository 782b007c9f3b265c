// Descent: gradient descent, momentum and Nesterov on a surface; drag the start, watch the path.
import { ENDS, outcome } from "./core/outcome.js";
import { descend } from "./core/rules.js";
import { surface as surfaceOf } from "./core/surfaces.js";
import { descentScript } from "./core/torch.js";
import { surfaceBands } from "./ui/contour.js";
import { format, plural } from "./ui/dom.js";
import { explorer } from "./ui/explorer.js";
import { Handle, onPlace } from "./ui/handle.js";
import { Plot } from "./ui/plot.js";
import { inSight, losses, pathPoints, surfaceWindow } from "./ui/shared.js";

const NAMES = {
  surface: {
    quadratic: "Quadratic bowl", double_well: "Double well", saddle: "Saddle",
    rosenbrock: "Rosenbrock’s valley", beale: "Beale’s plains", himmelblau: "Himmelblau’s four valleys",
  },
};

function compute(state) {
  const surface = surfaceOf(state.surface, state.curvature);
  const nesterov = state.nesterov && state.momentum > 0;
  const rule = { lr: state.lr, momentum: state.momentum, nesterov };
  const path = descend((w) => surface.gradient(w[0], w[1]), [state.x, state.y], state.steps, rule);
  const found = outcome(path, surface, rule);
  return { length: state.steps, path, surface, found, points: pathPoints(path) };
}

const method = ({ momentum, nesterov }) => (momentum === 0 ? "gd" : nesterov ? "nesterov" : "momentum");

function setup(view) {
  const map = new Plot({
    label: "Contours of the loss with the path of the descent",
    x: { label: "weight 1" }, y: { label: "weight 2" },
    height: (width) => Math.min(430, Math.max(250, width * 0.72)),
    margin: { bottom: 24 },
  });
  const chart = new Plot({
    title: "Loss above the minimum, by step",
    label: "Loss above the minimum at every step, logarithmic",
    x: {}, y: { log: true, domain: [1e-6, 10] }, height: () => 150, className: "sgd-chart",
  });
  view.figure.append(map.node, chart.node);
  const move = (x, y) => view.set({ x: Number(x.toFixed(3)), y: Number(y.toFixed(3)) });
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
      const { surface, points, found } = result;
      const key = `${state.surface}/${state.curvature}/${map.width}`;
      if (key !== ground) {
        ground = key;
        map.domains(...surfaceWindow(surface, map));
        surfaceBands(map, surface);
        map.dots("minima", "sgd-minimum", surface.minima);
      }
      const shown = inSight(points, found.verdict, map).slice(0, frame + 1);
      map.line("path", "sgd-path", shown);
      map.dots("dots", state.steps <= 200 ? "sgd-dots" : "sgd-dots sgd-fine", shown);
      map.dots("now", "sgd-now", shown.slice(-1));
      handle.place(state.x, state.y, `${format(state.x)} and ${format(state.y)}`);
      losses(chart, found.gaps, found.predicted, frame, state.steps);
    },
  };
}

const WHERE = ([x, y]) => `(${format(x)}, ${format(y)})`;

/** How the path went, for the sentence. */
function manner(turns) {
  if (turns > 0.6) return "overshooting the valley floor at almost every step";
  if (turns > 0.15) return "swinging across the valley floor";
  return turns > 0 ? "with a few swings across the valley floor" : "without overshooting";
}

function rates({ predicted, measured }) {
  const theory = `theory predicts ${format(predicted, 4)}`;
  return Number.isFinite(measured)
    ? `Near the end each step multiplied the distance to the minimum by ${format(measured, 4)}; ${theory}.`
    : `For the last stretch ${theory} per step.`;
}

function words({ found, path, surface }, state) {
  const { verdict, step } = found;
  if (verdict === "diverged") {
    return `Diverged: after ${plural(step, "step")} the weights have left the picture for good. ` +
      `At the minimum the predicted factor per step is ${format(found.predicted, 4)}; below 1 is stable there. Take a smaller learning rate.`;
  }
  if (verdict === "resting") return ENDS.resting;
  if (verdict === "oscillating") {
    return `${ENDS.oscillating} At the minimum the predicted factor per step is ${format(found.predicted, 4)}; below 1 is stable there.`;
  }
  if (verdict === "saddle") return "Stalled at a saddle point: the gradient vanishes there, yet it is no minimum. Start a little to the side.";
  if (verdict === "converged") {
    return `Converged to ${WHERE(found.minimum)}: the loss fell to a millionth of its start in ${plural(step, "step")}, ${manner(found.turns)}. ${rates(found)}`;
  }
  const end = surface.value(path[path.length - 2], path[path.length - 1]);
  if (verdict === "growing") return `Growing: after ${plural(state.steps, "step")} the loss is ${format(end)}, more than at the start. ${rates(found)}`;
  const tail = found.near ? rates(found) : "It is not yet near a minimum, so no rate can be told.";
  return `Still on its way after ${plural(state.steps, "step")}: the loss is ${format(end)}. ${tail}`;
}

export const definition = {
  title: "Gradient descent on a surface",
  lead: "Drag the ring, or click anywhere, to choose the start. Change the learning rate and watch the path.",
  controls: ["surface", "curvature", "lr", "momentum", "nesterov", "steps", "x", "y"],
  names: NAMES,
  setup,
  compute,
  words,
  method,
  code: (state) => descentScript({ ...state, expression: surfaceOf(state.surface, state.curvature).python }),
  adjust: (patch) => ("surface" in patch ? surfaceOf(patch.surface).telling : undefined),
  hidden: (state) => [
    ...(state.surface === "quadratic" ? [] : ["curvature"]), ...(state.momentum > 0 ? [] : ["nesterov"]),
  ],
};

export default explorer("descent", definition);
