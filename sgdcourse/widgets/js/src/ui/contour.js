// Filled bands of a function of two variables, as nested translucent shapes: higher is denser.
import { contours } from "d3-contour";
import { s } from "./dom.js";

/** Values of `f` at the centres of an nx × ny grid over the plot's domains, row by row. */
function sample(f, plot, nx, ny) {
  const [x0, x1] = plot.x.domain();
  const [y0, y1] = plot.y.domain();
  const values = new Float64Array(nx * ny);
  for (let j = 0; j < ny; j++) {
    const y = y1 + ((j + 0.5) / ny) * (y0 - y1);
    for (let i = 0; i < nx; i++) values[j * nx + i] = f(x0 + ((i + 0.5) / nx) * (x1 - x0), y);
  }
  return values;
}

/** SVG path data of a contour's multipolygon, in pixels. */
function pathData(multipolygon, kx, ky) {
  let d = "";
  for (const polygon of multipolygon.coordinates) {
    for (const ring of polygon) {
      d += "M";
      for (const [x, y] of ring) d += `${(x * kx).toFixed(1)},${(y * ky).toFixed(1)} `;
      d += "Z";
    }
  }
  return d;
}

/** Draw bands of `f` at `levels` into the plot's lower layer, replacing those before. */
export function bands(plot, f, levels, className = "sgd-band", size = [88, 64]) {
  const [nx, ny] = size;
  const shapes = contours().size([nx, ny]).thresholds(levels)(Array.from(sample(f, plot, nx, ny)));
  plot.bandGroup?.remove();
  plot.bandGroup = s("g", {}, ...shapes.map((shape) =>
    s("path", { class: className, d: pathData(shape, plot.width / nx, plot.height / ny) })));
  plot.ground.after(plot.bandGroup);
}

/** Bands of a surface, denser where it is steep: even steps of (f − lowest)^(1/power). */
export function surfaceBands(plot, surface, count = 13) {
  const lowest = surface.value(...surface.minima[0]);
  const root = (x, y) => Math.max(0, surface.value(x, y) - lowest) ** (1 / surface.power);
  const [x0, x1] = plot.x.domain();
  const [y0, y1] = plot.y.domain();
  const corners = [root(x0, y0), root(x0, y1), root(x1, y0), root(x1, y1)];
  const top = Math.max(...corners);
  bands(plot, root, Array.from({ length: count }, (_, i) => ((i + 0.6) / count) * top));
}
