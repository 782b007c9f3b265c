// Batch size: steps and examples to a target as the batch grows, on the noisy quadratic model.
import { BATCHES, START, expectedLoss, fitTradeOff, scaled, scaledLr, stepsTo, tuned } from "./core/batches.js";
import { batchScript } from "./core/torch.js";
import { format, plural } from "./ui/dom.js";
import { explorer } from "./ui/explorer.js";
import { Handle, onPlace } from "./ui/handle.js";
import { Plot } from "./ui/plot.js";
import { columns } from "./ui/shared.js";

const RULES = { linear: "linear: η ∝ B", sqrt: "square root: η ∝ √B", fixed: "fixed η" };

const memory = new Map();

/** Tuned table and its fit; tuning is the slow part and depends on two parameters only. */
function table(target, noise) {
  const key = `${target}/${noise}`;
  if (!memory.has(key)) {
    if (memory.size > 50) memory.clear();
    const rows = tuned(target, noise);
    memory.set(key, { rows, fit: fitTradeOff(rows) });
  }
  return memory.get(key);
}

export function compute({ batch_size: batch, scaling, base_lr: base, noise, target }) {
  const { rows, fit } = table(target, noise);
  const [own] = tuned(target, noise, [batch]);
  const ruleLr = scaledLr(scaling, base, batch);
  const ruleSteps = stepsTo(target, { lr: ruleLr, batch, noise });
  return {
    length: BATCHES.length - 1, rows, fit, own, target,
    rule: { lr: ruleLr, steps: ruleSteps },
    ruled: scaled(target, noise, scaling, base),
    loss: (lr, t) => expectedLoss({ lr, batch, noise }, t),
  };
}

const XS = Array.from({ length: 57 }, (_, i) => 2 ** (i / 4));
const finite = (rows, what) => rows.filter((row) => Number.isFinite(row[what])).map((row) => [row.batch, row[what]]);
const decade = (values) => {
  const good = values.filter((v) => Number.isFinite(v) && v > 0);
  return [10 ** Math.floor(Math.log10(Math.min(...good))), 10 ** Math.ceil(Math.log10(Math.max(...good)))];
};

function drawTradeOff(plot, what, result, frame, predicted) {
  const both = [...result.rows, ...result.ruled].map((row) => row[what]);
  plot.domains([1, BATCHES.at(-1)], decade(both));
  plot.line("rule", "sgd-path sgd-rule", finite(result.ruled, what));
  plot.dots("rule-dots", "sgd-dots sgd-rule", finite(result.ruled.slice(0, frame + 1), what));
  plot.line("own", "sgd-path sgd-faint", finite(result.rows, what));
  plot.line("own-shown", "sgd-path", finite(result.rows.slice(0, frame + 1), what));
  plot.dots("own-dots", "sgd-dots", finite(result.rows.slice(0, frame + 1), what));
  plot.line("theory", "sgd-theory", XS.map((x) => [x, predicted(x)]));
  const critical = result.fit.critical;
  plot.line("critical", "sgd-dotted", [[critical, plot.y.domain()[0]], [critical, plot.y.domain()[1]]]);
}

function drawLoss(chart, { own, rule, loss, target }) {
  const longest = Number.isFinite(rule.steps) ? Math.max(own.steps, rule.steps) : own.steps;
  const last = Math.max(2, Math.min(longest, own.steps * 3) * 1.15);
  const times = Array.from({ length: 121 }, (_, i) => (last * i) / 120);
  chart.domains([0, last], [10 ** Math.floor(Math.log10(target * 0.9)), 2]);
  chart.line("own", "sgd-path", times.map((t) => [t, loss(own.lr, t)]));
  chart.line("rule", "sgd-path sgd-rule", rule.lr < 2 ? times.map((t) => [t, loss(rule.lr, t)]) : []);
  chart.line("target", "sgd-theory", [[0, target], [last, target]]);
}

function setup(view) {
  const height = (width) => Math.min(300, Math.max(220, width * 0.85));
  const x = { log: true, domain: [1, BATCHES.at(-1)] };
  const stepsPlot = new Plot({ title: "Steps to target, by batch size", label: "Steps to the target by batch size, both logarithmic", x, y: { log: true }, height });
  const examplesPlot = new Plot({ title: "Examples to target, by batch size", label: "Examples to the target by batch size, both logarithmic", x, y: { log: true }, height });
  const chart = new Plot({
    title: "Loss by step at this batch size (orange: the rule’s η)",
    label: "Expected loss by step at the chosen batch size", x: {}, y: { log: true }, height: () => 160,
  });
  view.figure.append(stepsPlot.node, examplesPlot.node, chart.node);
  const pick = (batch) => view.set({ batch_size: Math.min(BATCHES.at(-1), Math.max(1, Math.round(batch))) });
  const plots = [[stepsPlot, "steps"], [examplesPlot, "examples"]].map(([plot, what]) => {
    onPlace(plot, pick);
    return { plot, what, handle: new Handle(plot, { label: `Batch size, on the curve of ${what}`, axis: "x", step: 12, move: pick }) };
  });
  return {
    layout(width) {
      columns([stepsPlot, examplesPlot], width, 0.5);
      chart.node.style.width = `${width}px`;
      chart.layout(width);
    },
    draw(result, frame, state) {
      const { fewestSteps, fewestExamples } = result.fit;
      const predicted = {
        steps: (batch) => fewestSteps + fewestExamples / batch,
        examples: (batch) => fewestSteps * batch + fewestExamples,
      };
      for (const { plot, what, handle } of plots) {
        drawTradeOff(plot, what, result, frame, predicted[what]);
        handle.place(state.batch_size, result.own[what], `batch size ${state.batch_size}`);
      }
      drawLoss(chart, result);
    },
  };
}

const percent = (value) => `${format(100 * value, 2)}%`;

function words({ own, rule, fit }, state) {
  const batch = state.batch_size;
  const predicted = fit.fewestSteps + fit.fewestExamples / batch;
  const doubled = fit.fewestSteps + fit.fewestExamples / (2 * batch);
  const ruled = Number.isFinite(rule.steps) ? `needs ${plural(Math.ceil(rule.steps), "step")}`
    : rule.lr >= 2 ? "diverges" : "never reaches the target";
  return `Batch ${format(batch, 5)} with its own best learning rate ${format(own.lr)} needs ${plural(Math.ceil(own.steps), "step")}, ${plural(Math.ceil(own.steps) * batch, "example")}; ` +
    `the fitted trade-off predicts ${plural(Math.round(predicted), "step")}. The critical batch size is about ${format(fit.critical, 2)}. ` +
    `Doubling the batch here saves ${percent(1 - doubled / predicted)} of the steps for ${percent((2 * doubled) / predicted - 1)} more examples. ` +
    `The ${state.scaling} rule takes learning rate ${format(rule.lr)} and ${ruled}.`;
}

export const definition = {
  title: "How large a batch?",
  lead: "Drag along the curves to choose the batch size. Far left of the dotted line doubling it nearly halves the steps; far right of it only the examples double.",
  controls: ["batch_size", "scaling", "base_lr", "noise", "target"],
  names: { scaling: RULES },
  frameWord: "Doublings",
  setup,
  compute,
  words,
  method: () => "mini-batch",
  code: (state) => {
    const { own } = compute(state);
    return batchScript({
      batch: state.batch_size, noise: state.noise, lr: own.lr, steps: Math.ceil(own.steps), start: START, target: state.target,
    });
  },
  note: "Computed, not trained: expected loss of the noisy quadratic model (16 directions of curvature 1, 1/2, … 1/16), exactly. Dashed: (S/Smin − 1)(E/Emin − 1) = 1, fitted to the green points.",
};

export default explorer("batch_size", definition);
