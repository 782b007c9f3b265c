// A plot of two layers: what rarely changes (bands, axes) below, what moves (paths, handles) above.
import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear, scaleLog } from "d3-scale";
import { select } from "d3-selection";
import { line } from "d3-shape";
import { format, h, s, uid } from "./dom.js";

const MARGIN = { top: 8, right: 12, bottom: 30, left: 44 };

const makeScale = (axis) => (axis.log ? scaleLog() : scaleLinear()).domain(axis.domain ?? (axis.log ? [1, 10] : [0, 1]));

export class Plot {
  /** `x` and `y`: {label, domain, log, ticks, padding}; `height`: function of the width. */
  constructor({ title, label, x, y, height, margin, className = "" }) {
    this.axes = { x, y };
    this.margin = { ...MARGIN, ...margin };
    this.heightOf = height;
    this.x = makeScale(x);
    this.y = makeScale(y);
    this.clip = uid("clip");
    this.base = s("svg", { class: "sgd-base", role: "img", "aria-label": label });
    this.top = s("svg", { class: "sgd-top", role: "group", "aria-label": `${label}: what can be moved` });
    this.node = h("div", { class: `sgd-plot ${className}` },
      title ? h("p", { class: "sgd-plot-title" }, title) : null,
      h("div", { class: "sgd-layers" }, this.base, this.top));
    this.parts = {};
    this.build();
  }

  build() {
    this.rect = s("rect");
    const ground = s("rect", { class: "sgd-ground" });
    this.ground = ground;
    this.below = s("g", { "clip-path": `url(#${this.clip})` }, ground);
    this.xAxis = s("g", { class: "sgd-axis" });
    this.yAxis = s("g", { class: "sgd-axis" });
    this.xLabel = s("text", { class: "sgd-axis-label", "text-anchor": "end" }, this.axes.x.label ?? "");
    this.yLabel = s("text", { class: "sgd-axis-label" }, this.axes.y.label ?? "");
    const inner = s("g", { class: "sgd-inner" }, this.below, this.xAxis, this.yAxis, this.xLabel, this.yLabel);
    this.base.append(s("defs", {}, s("clipPath", { id: this.clip }, this.rect)), inner);
    this.above = s("g", { "clip-path": `url(#${this.clip})` });
    this.handles = s("g");
    this.top.append(s("g", { class: "sgd-inner" }, this.above, this.handles));
  }

  /** Fit to a width in CSS pixels; the axes follow with the next `domains` or `drawAxes`. */
  layout(width) {
    const { top, right, bottom, left } = this.margin;
    const height = Math.round(this.heightOf(width));
    this.width = Math.max(60, width - left - right);
    this.height = Math.max(40, height - top - bottom);
    for (const svg of [this.base, this.top]) {
      svg.setAttribute("width", width);
      svg.setAttribute("height", height);
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.lastChild.setAttribute("transform", `translate(${left},${top})`);
    }
    for (const rect of [this.rect, this.ground]) {
      rect.setAttribute("width", this.width);
      rect.setAttribute("height", this.height);
    }
    this.x.range([0, this.width]);
    this.y.range([this.height, 0]);
    this.drawn = "";
  }

  /** Set both domains; axes are redrawn only where something changed. */
  domains(x, y) {
    this.x.domain(x);
    this.y.domain(y);
    this.drawAxes();
  }

  drawAxes() {
    const key = [...this.x.domain(), ...this.y.domain(), this.width].join();
    if (key === this.drawn || !this.width) return;
    this.drawn = key;
    const ticks = (axis, scale, count, log) =>
      log ? axis.tickValues(decades(scale.domain(), count)).tickFormat(tickText) : axis.ticks(count).tickFormat(tickText);
    const countX = Math.max(3, Math.round(this.width / 75));
    const countY = Math.max(3, Math.round(this.height / 42));
    this.xAxis.setAttribute("transform", `translate(0,${this.height})`);
    select(this.xAxis).call(ticks(axisBottom(this.x).tickSizeOuter(0).tickSize(4).tickPadding(this.axes.x.padding ?? 3), this.x, countX, this.axes.x.log));
    select(this.yAxis).call(ticks(axisLeft(this.y).tickSizeOuter(0).tickSize(4).tickPadding(this.axes.y.padding ?? 3), this.y, countY, this.axes.y.log));
    this.xLabel.setAttribute("x", this.width - 6);
    this.xLabel.setAttribute("y", this.height - 6);
    this.yLabel.setAttribute("x", 6);
    this.yLabel.setAttribute("y", 13);
  }

  /** The path element of that name, made on first use. */
  part(name, className, layer = this.above) {
    if (!this.parts[name]) {
      this.parts[name] = s("path", { class: className });
      layer.append(this.parts[name]);
    }
    return this.parts[name];
  }

  /** Draw a line through [x, y] points in data units; points that are no numbers break it. */
  line(name, className, points, layer) {
    const path = line()
      .defined(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
      .x(([x]) => bounded(this.x(x)))
      .y(([, y]) => bounded(this.y(y)))
      .digits(1);
    this.part(name, className, layer).setAttribute("d", path(points) ?? "");
  }

  /** Draw dots: a path of zero-length strokes with round caps. */
  dots(name, className, points, layer) {
    let d = "";
    for (const [x, y] of points) {
      if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
      d += `M${bounded(this.x(x)).toFixed(1)},${bounded(this.y(y)).toFixed(1)}h0`;
    }
    this.part(name, className, layer).setAttribute("d", d);
  }
}

const bounded = (pixel) => Math.max(-1e4, Math.min(1e4, pixel));

const tickText = (value) => format(Number(value.toPrecision(6)));

/** Powers of ten within a domain, thinned to about `count`. */
function decades([low, high], count) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / count));
  const out = [];
  for (let k = first; k <= last; k += every) out.push(10 ** k);
  return out;
}
