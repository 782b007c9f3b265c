// Elements without innerHTML: text stays text.

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** HTML element with attributes, listeners ("onclick") and children (nodes or text). */
export const h = (tag, attributes, ...children) =>
  build(document.createElement(tag), attributes, children);

/** SVG element, in the same manner. */
export const s = (tag, attributes, ...children) =>
  build(document.createElementNS(SVG, tag), attributes, children);

let ids = 0;
/** An id that is unique on the page. */
export const uid = (prefix) => `sgd-${prefix}-${(ids += 1)}`;

/** Number in words' company: `digits` significant ones, a true minus, no trailing zeros. */
export function format(value, digits = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value < 0 ? "−∞" : "∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, power] = value.toExponential(Math.max(0, digits - 2)).split("e");
    const factor = Number(mantissa) === 1 ? "" : `${mantissa.replace("-", "−")}·`;
    return `${factor}10${superscript(Number(power))}`;
  }
  const text = size >= 10 ** digits ? String(Math.round(value)) : String(Number(value.toPrecision(digits)));
  return text.replace("-", "−");
}

const superscript = (power) =>
  String(power).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]));

/** Two numbers with as many digits as it takes to tell them apart. */
export function apart(a, b, digits = 3) {
  while (digits < 15 && a !== b && format(a, digits) === format(b, digits)) digits += 1;
  return [format(a, digits), format(b, digits)];
}

/** A count in words' company: millions and billions rounded, what is smaller as it is. */
function count(n) {
  if (n >= 1e6 && n < 1e12) return n >= 1e9 ? `${format(n / 1e9)} billion` : `${format(n / 1e6)} million`;
  return format(n, 7);
}

/** "1 step", "2 steps". */
export const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
