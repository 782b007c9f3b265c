// A point that can be dragged by mouse or finger and moved with the arrow keys.
import { drag } from "d3-drag";
import { select } from "d3-selection";
import { s } from "./dom.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * `move(x, y)` gets data units; `step` is one arrow press in pixels (Shift: five times as far).
 * Screen readers hear a slider whose text is both coordinates.
 */
export class Handle {
  constructor(plot, { label, move, axis = "xy", step = 6 }) {
    Object.assign(this, { plot, move, axis, step, px: 0, py: 0 });
    this.node = s("g", {
      class: `sgd-handle sgd-handle-${axis}`, tabindex: 0, role: "slider", "aria-label": label,
      onkeydown: (event) => this.key(event), "onsgd-key": (event) => this.key(event.detail),
    },
    s("circle", { class: "sgd-handle-reach", r: 22 }),
    s("circle", { class: "sgd-handle-ring", r: 9 }),
    s("circle", { class: "sgd-handle-core", r: 3.5 }));
    plot.handles.append(this.node);
    select(this.node).call(drag()
      .subject(() => ({ x: this.px, y: this.py }))
      .on("start", () => this.node.classList.add("sgd-dragging"))
      .on("drag", (event) => this.toPixel(event.x, event.y))
      .on("end", () => this.node.classList.remove("sgd-dragging")));
  }

  toPixel(px, py) {
    const inside = (value, size) => Math.max(0, Math.min(size, value));
    this.px = inside(px, this.plot.width);
    this.py = inside(py, this.plot.height);
    this.move(this.plot.x.invert(this.px), this.plot.y.invert(this.py));
  }

  key(event) {
    const direction = ARROWS[event.key];
    if (!direction || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const far = this.step * (event.shiftKey ? 5 : 1);
    this.toPixel(this.px + far * direction[0], this.py - far * direction[1]);
  }

  /** Put it at data coordinates; `text` is what screen readers hear. */
  place(x, y, text, [low, high] = this.plot[this.axis === "y" ? "y" : "x"].domain()) {
    const clamp = (value, size) => Math.max(0, Math.min(size, Number.isFinite(value) ? value : 0));
    this.px = clamp(this.plot.x(x), this.plot.width);
    this.py = clamp(this.plot.y(y), this.plot.height);
    this.node.setAttribute("transform", `translate(${this.px.toFixed(1)},${this.py.toFixed(1)})`);
    this.node.setAttribute("aria-valuemin", low);
    this.node.setAttribute("aria-valuemax", high);
    this.node.setAttribute("aria-valuenow", this.axis === "y" ? y : x);
    this.node.setAttribute("aria-valuetext", text);
  }

  show(visible) {
    this.node.style.display = visible ? "" : "none";
  }
}

/** Call `place(x, y)` with data units where the plot is clicked or tapped, handles excepted. */
export function onPlace(plot, place) {
  plot.top.addEventListener("click", (event) => {
    if (event.target.closest(".sgd-handle")) return;
    const box = plot.top.getBoundingClientRect();
    const px = event.clientX - box.left - plot.margin.left;
    const py = event.clientY - box.top - plot.margin.top;
    if (px < 0 || py < 0 || px > plot.width || py > plot.height) return;
    place(plot.x.invert(px), plot.y.invert(py));
  });
  plot.top.classList.add("sgd-placeable");
}
