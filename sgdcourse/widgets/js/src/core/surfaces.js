// The analytic objectives of sgdcourse.problems, in two dimensions: value, gradient, Hessian.

const quadratic = (curvature) => ({
  name: "Quadratic bowl",
  value: (x, y) => 0.5 * (x * x + curvature * y * y),
  gradient: (x, y) => [x, curvature * y],
  hessian: () => [1, 0, curvature],
  minima: [[0, 0]],
  window: [[-2.5, 2.5], [-1.75, 1.75]],
  power: 2,
  telling: { x: 2, y: 1, lr: 0.17, momentum: 0 },
  python: `0.5 * (x**2 + ${curvature} * y**2)`,
});

const doubleWell = {
  name: "Double well",
  value: (x, y) => 0.25 * (x * x - 1) ** 2 + 0.5 * y * y,
  gradient: (x, y) => [x * (x * x - 1), y],
  hessian: (x) => [3 * x * x - 1, 0, 1],
  minima: [[-1, 0], [1, 0]],
  window: [[-2, 2], [-1.4, 1.4]],
  power: 2.5,
  telling: { x: 0.2, y: 1, lr: 0.3, momentum: 0 },
  python: "0.25 * (x**2 - 1) ** 2 + 0.5 * y**2",
};

const saddle = {
  name: "Saddle",
  value: (x, y) => 0.5 * x * x - 0.5 * y * y + 0.25 * y ** 4,
  gradient: (x, y) => [x, y * y * y - y],
  hessian: (x, y) => [1, 0, 3 * y * y - 1],
  minima: [[0, -1], [0, 1]],
  window: [[-2, 2], [-1.4, 1.4]],
  power: 2,
  telling: { x: 1.2, y: 0.01, lr: 0.15, momentum: 0 },
  python: "0.5 * x**2 - 0.5 * y**2 + 0.25 * y**4",
};

const rosenbrock = {
  name: "Rosenbrock’s valley",
  value: (x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  gradient: (x, y) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
  hessian: (x, y) => [2 - 400 * (y - 3 * x * x), -400 * x, 200],
  minima: [[1, 1]],
  window: [[-2, 2], [-0.8, 2]],
  power: 4,
  telling: { x: -1.2, y: 1, lr: 0.0005, momentum: 0.9 },
  python: "(1 - x) ** 2 + 100 * (y - x**2) ** 2",
};

/** Beale's three residuals c − x + x·yᵏ with their derivatives. */
const BEALE = [1.5, 2.25, 2.625].map((c, i) => (x, y) => {
  const k = i + 1;
  return {
    r: c - x + x * y ** k,
    rx: y ** k - 1,
    ry: k * x * y ** (k - 1),
    rxy: k * y ** (k - 1),
    ryy: k > 1 ? k * (k - 1) * x * y ** (k - 2) : 0,
  };
});

const sum = (x, y, term) => BEALE.reduce((total, residual) => total + term(residual(x, y)), 0);

const beale = {
  name: "Beale’s plains",
  value: (x, y) => sum(x, y, ({ r }) => r * r),
  gradient: (x, y) => [sum(x, y, ({ r, rx }) => 2 * r * rx), sum(x, y, ({ r, ry }) => 2 * r * ry)],
  hessian: (x, y) => [
    sum(x, y, ({ rx }) => 2 * rx * rx),
    sum(x, y, ({ r, rx, ry, rxy }) => 2 * (rx * ry + r * rxy)),
    sum(x, y, ({ r, ry, ryy }) => 2 * (ry * ry + r * ryy)),
  ],
  minima: [[3, 0.5]],
  window: [[-1, 4.5], [-1.85, 2]],
  power: 5,
  telling: { x: 1, y: 1.5, lr: 0.005, momentum: 0.8 },
  python: "(1.5 - x + x*y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2",
};

const himmelblau = {
  name: "Himmelblau’s four valleys",
  value: (x, y) => (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
  gradient: (x, y) => {
    const a = x * x + y - 11;
    const b = x + y * y - 7;
    return [4 * x * a + 2 * b, 2 * a + 4 * y * b];
  },
  hessian: (x, y) => [12 * x * x + 4 * y - 42, 4 * x + 4 * y, 4 * x + 12 * y * y - 26],
  minima: [
    [3, 2],
    [-2.805118086952745, 3.131312518250573],
    [-3.779310253377747, -3.28318599128617],
    [3.584428340330492, -1.848126526964404],
  ],
  window: [[-5, 5], [-5, 5]],
  power: 2.5,
  telling: { x: 0, y: 0, lr: 0.01, momentum: 0 },
  python: "(x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2",
};

const FIXED = { double_well: doubleWell, saddle, rosenbrock, beale, himmelblau };

/** The surface called `name`; only the quadratic one uses the curvature. */
export function surface(name, curvature = 10) {
  return name === "quadratic" ? quadratic(curvature) : FIXED[name];
}

/** Both eigenvalues of the Hessian [a, b, c] = ((a, b), (b, c)), the smaller first. */
export function eigenvalues([a, b, c]) {
  const middle = (a + c) / 2;
  const radius = Math.hypot((a - c) / 2, b);
  return [middle - radius, middle + radius];
}
