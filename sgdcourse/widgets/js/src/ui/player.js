// Play, pause, single step, reset, and a scrubber over the frames 0 … length.
import { format, h, uid } from "./dom.js";

const SECONDS = 5;
const SLOWEST = 10;

const still = () => globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;

export class Player {
  constructor({ draw, reset, word = "Step" }) {
    Object.assign(this, { draw, length: 1, frame: 1, playing: false });
    const id = uid("scrub");
    const button = (text, icon, onclick) =>
      h("button", { type: "button", onclick }, h("span", { "aria-hidden": "true", class: "sgd-icon" }, icon), h("span", {}, text));
    this.playButton = button("Play", "▶", () => (this.playing ? this.pause() : this.play()));
    this.stepButton = button("Step", "⇥", () => this.step());
    this.scrub = h("input", { id, type: "range", min: 0, max: 1, step: 1, oninput: () => {
      this.pause();
      this.show(Number(this.scrub.value));
    } });
    this.shown = h("output", { for: id });
    this.node = h("div", { class: "sgd-player" },
      h("div", { class: "sgd-buttons" }, this.playButton, this.stepButton, button("Reset", "↺", reset)),
      h("label", { for: id }, word), this.scrub, this.shown);
  }

  /** New length: keep playing where we are, else show the whole path. */
  resize(length) {
    this.length = length;
    this.scrub.max = String(length);
    if (!this.playing) this.frame = length;
    this.frame = Math.min(this.frame, length);
    this.label();
  }

  show(frame) {
    this.frame = frame;
    this.label();
    this.draw(frame);
  }

  label() {
    this.scrub.value = String(this.frame);
    this.shown.textContent = `${format(this.frame, 7)} of ${format(this.length, 7)}`;
    this.playButton.lastChild.textContent = this.playing ? "Pause" : "Play";
    this.playButton.firstChild.textContent = this.playing ? "❚❚" : "▶";
  }

  step() {
    this.pause();
    this.show(this.frame >= this.length ? 0 : this.frame + 1);
  }

  play() {
    if (still()) {
      this.show(this.length);
      return;
    }
    this.playing = true;
    const from = this.frame >= this.length ? 0 : this.frame;
    const perSecond = Math.max(SLOWEST, this.length / SECONDS);
    let began = null;
    const tick = (now) => {
      if (!this.playing) return;
      began ??= now;
      const frame = Math.min(this.length, from + Math.floor(((now - began) / 1000) * perSecond));
      if (frame >= this.length) this.playing = false;
      this.show(frame);
      if (this.playing) this.request = requestAnimationFrame(tick);
    };
    this.show(from);
    this.request = requestAnimationFrame(tick);
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.request);
    this.label();
  }
}
