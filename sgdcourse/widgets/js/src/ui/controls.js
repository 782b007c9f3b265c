// Native, labelled controls: a slider with a number field, a menu, a check box.
import { format, h, uid } from "./dom.js";
import { sanitise } from "./state.js";

const LOG_STEPS = 240;

const tidy = (value) => Number(value.toPrecision(3));

/** Slider position ↔ value: powers of two, even ratios, or even steps. */
export function sliderScale(spec) {
  const { min, max } = spec;
  if (spec.log && spec.kind === "integer") {
    return { max: Math.round(Math.log2(max / min)), step: 1, to: (p) => min * 2 ** p, from: (v) => Math.log2(v / min) };
  }
  if (spec.log) {
    const ratio = Math.log(max / min);
    return {
      max: LOG_STEPS, step: 1,
      to: (p) => Math.min(max, Math.max(min, tidy(min * Math.exp((ratio * p) / LOG_STEPS)))),
      from: (v) => (LOG_STEPS * Math.log(v / min)) / ratio,
    };
  }
  const step = spec.kind === "integer" ? 1 : 0.01;
  return { min, max, step, to: (p) => Number(p.toFixed(6)), from: (v) => v };
}

function sliderOf(id, name, scale, view) {
  const range = h("input", {
    id, type: "range", name, min: scale.min ?? 0, max: scale.max, step: scale.step,
    oninput: () => view.set({ [name]: scale.to(Number(range.value)) }),
  });
  return range;
}

function numberControl(name, spec, view) {
  const id = uid(name);
  const scale = sliderScale(spec);
  const range = spec.compact ? null : sliderOf(id, name, scale, view);
  const field = h("input", {
    id: spec.compact ? id : null, type: "number", class: "sgd-field", min: spec.min, max: spec.max, step: "any",
    "aria-label": spec.compact ? null : `${spec.label}, exact value`,
    onchange: () => {
      const { value, problem } = sanitise(name, spec, field.value, view.state[name]);
      view.set({ [name]: value }, problem);
      field.value = String(view.state[name]);
    },
  });
  const label = h("label", { for: id }, spec.label);
  const node = h("div", { class: "sgd-control" }, label, field, ...(range ? [range] : []));
  const rename = (text) => {
    label.textContent = text;
    if (range) field.setAttribute("aria-label", `${text}, exact value`);
  };
  const update = (value) => {
    if (range) {
      range.value = String(scale.from(value));
      range.setAttribute("aria-valuetext", format(value, 4));
    }
    if (document.activeElement !== field) field.value = String(Number(value.toPrecision(6)));
  };
  return { node, update, rename };
}

function choiceControl(name, spec, view, names) {
  const id = uid(name);
  const menu = h("select", { id, name, onchange: () => view.set({ [name]: menu.value }) },
    ...spec.options.map((option) => h("option", { value: option }, names?.[option] ?? option.replaceAll("_", " "))));
  const node = h("div", { class: "sgd-control sgd-choice" }, h("label", { for: id }, spec.label), menu);
  return { node, update: (value) => { menu.value = value; } };
}

function flagControl(name, spec, view) {
  const id = uid(name);
  const box = h("input", { id, type: "checkbox", name, onchange: () => view.set({ [name]: box.checked }) });
  const node = h("div", { class: "sgd-control sgd-flag" }, box, h("label", { for: id }, spec.label));
  return { node, update: (value) => { box.checked = value; }, disable: (off) => { box.disabled = off; } };
}

/** The control of one parameter; `names` says its choices in words. */
export function control(name, spec, view, names) {
  if (spec.kind === "choice") return choiceControl(name, spec, view, names);
  if (spec.kind === "flag") return flagControl(name, spec, view);
  return numberControl(name, spec, view);
}
