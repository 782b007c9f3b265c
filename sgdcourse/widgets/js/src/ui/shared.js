// Drawing that several explorers share.

/** [x, y] pairs of a flat path; a point that has left for good ends the list. */
export function pathPoints(path) {
  const points = [];
  for (let i = 0; i < path.length; i += 2) {
    if (!(Math.abs(path[i]) < 1e9 && Math.abs(path[i + 1]) < 1e9)) break;
    points.push([path[i], path[i + 1]]);
  }
  return points;
}

/** The points to draw: a path that leaves for good ends more than one window outside of the plot. */
export function inSight(points, verdict, plot) {
  if (verdict !== "diverged" && verdict !== "growing") return points;
  const far = ([low, high], value) => value < 2 * low - high || value > 2 * high - low;
  const end = points.findIndex(([x, y]) => far(plot.x.domain(), x) || far(plot.y.domain(), y));
  return end < 0 ? points : points.slice(0, end + 1);
}

/** Domains that show the surface's window in the plot's shape, widened along one axis. */
export function surfaceWindow(surface, plot) {
  const [[x0, x1], [y0, y1]] = surface.window;
  const wanted = plot.width / plot.height;
  const have = (x1 - x0) / (y1 - y0);
  const grow = (low, high, factor) => {
    const extra = ((high - low) * (factor - 1)) / 2;
    return [low - extra, high + extra];
  };
  return wanted > have
    ? [grow(x0, x1, wanted / have), [y0, y1]]
    : [[x0, x1], grow(y0, y1, have / wanted)];
}

const SMALLEST = 1e-16;

/** Loss by step on a logarithmic axis, with the predicted slope as a dashed line. */
export function losses(chart, gaps, predicted, frame, steps) {
  const start = Math.max(gaps[0], SMALLEST);
  const finite = gaps.filter((gap) => Number.isFinite(gap) && gap > 0);
  const low = Math.max(start * 1e-12, Math.min(...finite, start * 0.1));
  const high = Math.min(start * 1e3, Math.max(...finite, start));
  chart.domains([0, steps], [10 ** Math.floor(Math.log10(low * 0.3)), 10 ** Math.ceil(Math.log10(high * 1.01))]);
  const shown = gaps.slice(0, frame + 1).map((gap, t) => [t, Math.max(gap, SMALLEST)]);
  chart.line("theory", "sgd-theory", slope(start, predicted, steps, low));
  chart.line("loss", "sgd-path", shown);
  chart.dots("loss-now", "sgd-now", shown.slice(-1));
}

/** The straight line start · predicted^(2t), as far as it is seen: the loss is quadratic in the distance. */
function slope(start, predicted, steps, low) {
  const fall = 2 * Math.log(predicted);
  const outside = Math.log(fall < 0 ? (low / start) * 1e-3 : 1e6);
  const end = fall === 0 ? steps : Math.min(steps, outside / fall);
  return [[0, start], [end, start * Math.exp(fall * end)]];
}

/** Lay plots out two in a row where there is room, the left one taking `share` of it. */
export function columns(plots, width, share) {
  const gap = 12;
  const two = width >= 400;
  plots.forEach((plot, i) => {
    const left = Math.floor((width - gap) * share);
    const own = !two ? width : i % 2 === 0 ? left : width - gap - left;
    plot.node.style.width = `${own}px`;
    plot.layout(own);
  });
}

/** Powers of ten around positive series of losses, six of them at most. */
export function lossDomain(...series) {
  let [low, high] = [Infinity, 0];
  for (const values of series) {
    for (const value of values) {
      if (!Number.isFinite(value) || value <= 0) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (!(high > 0)) return [1e-6, 1];
  const top = Math.ceil(Math.log10(Math.min(high, 1e6) * 1.01));
  return [10 ** Math.max(top - 8, Math.min(top - 1, Math.floor(Math.log10(low * 0.3)))), 10 ** top];
}
