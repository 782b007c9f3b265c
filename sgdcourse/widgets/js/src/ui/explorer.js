// The frame around every explorer: state, controls, player, sentence, code; in a page or a kernel.
import PARAMETERS from "../../../parameters.json";
import { control } from "./controls.js";
import { h, uid } from "./dom.js";
import { Player } from "./player.js";
import { fromAddress, readState, toAddress } from "./state.js";

const QUIET = 500;

/**
 * An anywidget module from a definition:
 * `title`, `lead`, `controls` (parameter names in order), `names` (choices in words),
 * `setup(view)` → {layout(width), draw(result, frame, state)}, `compute(state)` → {length, …},
 * `words(result, state)`, `code(state)`, and where needed `adjust(patch, state)`,
 * `hidden(state)` (names of idle controls), `method(state)` (colour of the path), `note`.
 */
export function explorer(kind, definition) {
  let since = performance.now();
  return {
    render({ model, el }) {
      since ??= performance.now();
      const view = new View(kind, definition, model, el);
      view.start();
      view.root.dataset.readyMs = (performance.now() - since).toFixed(1);
      view.root.dataset.ready = "1";
      since = null;
      return () => view.stop();
    },
  };
}

class View {
  constructor(kind, definition, model, el) {
    Object.assign(this, { kind, definition, model, el, specs: PARAMETERS[kind], undo: [] });
    this.wake = () => {
      this.note("");
      this.request();
    };
    this.given = readState(this.specs, (name) => model.get(name));
    this.state = this.given.state;
    this.initial = { ...this.state };
    this.notes = [...this.given.problems];
    if (model.page) this.openAddress();
  }

  /** What the address asks for wins over what the page was written with. */
  openAddress() {
    const asked = fromAddress(this.model.page, location.search);
    const { state, problems } = readState(this.specs, (name) => asked[name] ?? this.state[name]);
    this.state = state;
    this.notes.push(...problems);
    for (const [name, value] of Object.entries(state)) this.model.set(name, value);
  }

  start() {
    this.build();
    this.el.replaceChildren(this.root);
    for (const name of Object.keys(this.specs)) this.model.on(`change:${name}`, this.wake);
    this.note(this.notes.join(" "));
    this.layout();
    this.watch();
  }

  build() {
    const { definition } = this;
    const title = uid("title");
    this.controls = {};
    for (const name of definition.controls) {
      this.controls[name] = control(name, this.specs[name], this, definition.names?.[name]);
    }
    this.player = new Player({
      draw: (frame) => this.paint(frame), reset: () => this.reset(), word: definition.frameWord ?? "Step",
    });
    this.figure = h("div", { class: "sgd-figure" });
    this.sentence = h("p", { class: "sgd-sentence", "aria-hidden": "true" });
    this.status = h("p", { class: "sgd-hidden", role: "status" });
    this.noteLine = h("p", { class: "sgd-note", role: "status" });
    this.source = h("code", {});
    const keys = "data-lm-suppress-shortcuts";
    this.root = h("section", { class: `sgd-x sgd-${this.kind}`, "aria-labelledby": title, [keys]: "true" },
      h("header", {}, h("h3", { id: title, class: "sgd-title" }, definition.title), h("p", { class: "sgd-lead" }, definition.lead)),
      h("div", { class: "sgd-body" }, this.figure,
        h("div", { class: "sgd-told" }, this.player.node, this.sentence, this.status, this.noteLine),
        h("div", { class: "sgd-panel" }, ...definition.controls.map((name) => this.controls[name].node))),
      this.footer());
    this.scene = definition.setup(this);
  }

  footer() {
    const button = (text, onclick) => h("button", { type: "button", onclick }, text);
    const link = () => {
      this.saveAddress();
      this.copy(location.href, "Link copied.");
    };
    return h("div", { class: "sgd-footer" },
      h("div", { class: "sgd-buttons" },
        button("Copy as PyTorch", () => this.copy(this.source.textContent, "PyTorch code copied.")),
        this.model.page ? button("Copy link", link) : null),
      h("details", {}, h("summary", {}, "Show the code"), h("pre", { tabindex: 0 }, this.source)),
      this.definition.note ? h("p", { class: "sgd-small" }, this.definition.note) : null);
  }

  async copy(text, message) {
    try {
      await navigator.clipboard.writeText(text);
      this.note(message);
    } catch {
      this.root.querySelector("details").open = true;
      this.note("Your browser does not allow copying from here: select the text and copy it by hand.");
    }
  }

  note(text) {
    this.noteLine.textContent = text;
  }

  /** Change parameters; the rest follows with the next frame. An older note gives way to `note`. */
  set(patch, note = "") {
    const full = { ...patch, ...this.definition.adjust?.(patch, this.state) };
    for (const [name, value] of Object.entries(full)) this.model.set(name, value);
    this.note(note);
    this.changed = true;
    this.readModel();
    this.request();
  }

  readModel() {
    const { state, problems } = readState(this.specs, (name) => this.model.get(name));
    this.state = state;
    if (problems.length) this.note(problems.join(" "));
  }

  reset() {
    this.player.pause();
    this.set(this.initial);
  }

  request() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.readModel();
      this.refresh();
      if (this.changed) {
        this.changed = false;
        this.model.save_changes();
        this.later("address", 250, () => this.saveAddress());
      }
    });
  }

  later(name, delay, act) {
    this.timers ??= {};
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(act, delay);
  }

  saveAddress() {
    if (!this.model.page) return;
    const search = toAddress(this.model.page, location.search, this.state, this.initial);
    try {
      history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
    } catch {
      this.note("This browser does not let the page keep its settings in the address.");
    }
  }

  layout() {
    const width = Math.floor(this.figure.getBoundingClientRect().width) || 600;
    if (width === this.laidOut) return;
    this.laidOut = width;
    this.scene.layout(width);
    this.refresh();
  }

  refresh() {
    const { definition, state } = this;
    this.root.dataset.method = definition.method?.(state) ?? "gd";
    const hidden = new Set(definition.hidden?.(state) ?? []);
    for (const [name, part] of Object.entries(this.controls)) {
      part.update(state[name]);
      part.node.hidden = hidden.has(name);
    }
    definition.relabel?.(state, this.controls);
    this.result = definition.compute(state);
    this.player.resize(this.result.length);
    const code = definition.code(state);
    if (code !== this.source.textContent) this.source.textContent = code;
    this.say(definition.words(this.result, state));
    this.paint(this.player.frame);
  }

  paint(frame) {
    this.scene.draw(this.result, frame, this.state);
  }

  /** Seen at once, announced when it has come to rest. */
  say(text) {
    if (this.sentence.textContent === text) return;
    const first = this.sentence.textContent === "";
    this.sentence.textContent = text;
    const announce = () => { this.status.textContent = text; };
    if (first) announce();
    else this.later("status", QUIET, announce);
  }

  /** Follow the width; in a notebook keep its shortcuts from eating our keys. */
  watch() {
    const observer = new ResizeObserver(() => this.layout());
    observer.observe(this.figure);
    this.undo.push(() => observer.disconnect());
    if (this.model.page) return;
    const guard = (event) => {
      if (!this.root.contains(event.target) || event.ctrlKey || event.metaKey) return;
      event.stopImmediatePropagation();
      event.target.closest(".sgd-handle")?.dispatchEvent(new CustomEvent("sgd-key", { detail: event }));
    };
    globalThis.addEventListener("keydown", guard, true);
    this.undo.push(() => globalThis.removeEventListener("keydown", guard, true));
  }

  stop() {
    this.player.pause();
    cancelAnimationFrame(this.pending);
    for (const timer of Object.values(this.timers ?? {})) clearTimeout(timer);
    for (const name of Object.keys(this.specs)) this.model.off(`change:${name}`, this.wake);
    for (const undo of this.undo) undo();
  }
}
