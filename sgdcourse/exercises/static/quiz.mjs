// Marks the quizzes that sgdcourse.exercises.quiz writes as plain HTML.
// In the page it wakes every quiz it finds; in a live notebook anywidget calls `render`.

/** Read a number as people write it: "-0.6", "−0,6", "1/3", "5 %" is not one. */
export function readNumber(text) {
  const plain = text.trim().replace(/\u2212/g, "-").replace(",", ".").replace(/^\+/, "");
  const fraction = plain.match(/^(-?\d+(?:\.\d+)?)\s*\/\s*(\d+(?:\.\d+)?)$/);
  if (fraction) return Number(fraction[1]) / Number(fraction[2]);
  return plain === "" ? NaN : Number(plain);
}

/** Judge a choice. `rights` says for each option whether it is right; `chosen` are indices. */
export function judgeChoice(rights, chosen) {
  if (chosen.length === 0) return { right: false, say: "Choose an answer first.", reasons: [] };
  const wrong = chosen.filter((i) => !rights[i]);
  const missing = rights.filter((right, i) => right && !chosen.includes(i)).length;
  if (wrong.length) return { right: false, say: "Not right.", reasons: wrong };
  if (missing) return { right: false, say: "Right so far, but not all.", reasons: chosen };
  return { right: true, say: "Right.", reasons: chosen };
}

/** Judge a number against rows {value, tolerance, right}; the first row that fits tells why. */
export function judgeNumber(rows, text) {
  const given = readNumber(text);
  if (Number.isNaN(given)) return { right: false, say: "Type a number first.", reasons: [] };
  const index = rows.findIndex((row) => Math.abs(given - row.value) <= row.tolerance + 1e-12);
  if (index < 0) return { right: false, say: "Not right.", reasons: [] };
  return { right: rows[index].right, say: rows[index].right ? "Right." : "Not right.", reasons: [index] };
}

function judge(fieldset, rows) {
  if (fieldset.dataset.kind === "numeric") {
    const table = rows.map((row) => ({
      value: Number(row.dataset.value),
      tolerance: Number(row.dataset.tolerance),
      right: row.dataset.right === "true",
    }));
    return judgeNumber(table, fieldset.querySelector("input").value);
  }
  const inputs = [...fieldset.querySelectorAll("input")];
  const chosen = inputs.flatMap((input, i) => (input.checked ? [i] : []));
  return judgeChoice(rows.map((row) => row.dataset.right === "true"), chosen);
}

function say(feedback, verdict, rows) {
  feedback.dataset.right = String(verdict.right);
  feedback.replaceChildren(Object.assign(document.createElement("strong"), { textContent: verdict.say }));
  for (const index of verdict.reasons) {
    const why = rows[index].querySelector(".sgd-quiz-why").cloneNode(true);
    feedback.append(" ", why);
  }
}

export function wake(root) {
  if (!root || root.dataset.awake) return;
  root.dataset.awake = "true";
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.addEventListener("keydown", (event) => event.stopPropagation());
  const fieldsets = [...root.querySelectorAll("fieldset")];
  const solutions = [...root.querySelectorAll(".sgd-quiz-answers > ol > li")];
  const score = Object.assign(document.createElement("p"), { className: "sgd-quiz-score" });
  const solved = new Set();
  fieldsets.forEach((fieldset, number) => {
    const rows = [...solutions[number].querySelectorAll("li")];
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Check" });
    button.setAttribute("aria-label", `Check question ${number + 1}`);
    const feedback = Object.assign(document.createElement("p"), { className: "sgd-quiz-feedback" });
    feedback.setAttribute("role", "status");
    const check = () => {
      const verdict = judge(fieldset, rows);
      say(feedback, verdict, rows);
      if (verdict.right) solved.add(number);
      else solved.delete(number);
      score.textContent = `${solved.size} of ${fieldsets.length} right`;
    };
    button.addEventListener("click", check);
    fieldset.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
      event.preventDefault();
      check();
    });
    fieldset.append(button, feedback);
  });
  root.querySelector(".sgd-quiz-answers").before(score);
}

export default {
  render({ model, el }) {
    el.innerHTML = model.get("html");
    wake(el.querySelector(".sgd-quiz"));
  },
};

if (typeof document !== "undefined") document.querySelectorAll(".sgd-quiz").forEach(wake);
