// Wakes the explorers' placeholders in a static page, each when it comes near the screen.

const KINDS = new Set(["descent", "noise_ball", "batch_size", "momentum", "schedule"]);
const NEAR = "600px 0px";

/** What an explorer needs of an anywidget model, without a kernel. */
function pageModel(state, page) {
  const listeners = new Map();
  return {
    page,
    get: (name) => state[name],
    set(name, value) {
      if (Object.is(state[name], value)) return;
      state[name] = value;
      for (const listen of listeners.get(`change:${name}`) ?? []) listen();
    },
    save_changes() {},
    send() {},
    on: (event, listen) => listeners.set(event, [...(listeners.get(event) ?? []), listen]),
    off: (event, listen) =>
      listeners.set(event, (listeners.get(event) ?? []).filter((other) => other !== listen)),
  };
}

/** The placeholder's own state; a damaged one leaves the defaults. */
function stateOf(placeholder) {
  try {
    const state = JSON.parse(placeholder.dataset.state);
    return state && typeof state === "object" && !Array.isArray(state) ? state : {};
  } catch {
    return {};
  }
}

async function wake(placeholder, page) {
  const kind = placeholder.dataset.widget;
  try {
    const { default: explorer } = await import(`./${kind}.mjs`);
    explorer.render({ model: pageModel(stateOf(placeholder), page), el: placeholder });
  } catch (error) {
    console.error(`The ${kind} explorer could not start; its picture stays.`, error);
  }
}

const counts = {};
const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    wake(target, target.dataset.page);
  }
}, { rootMargin: NEAR });

for (const placeholder of document.querySelectorAll(".sgd-widget[data-widget]")) {
  const kind = placeholder.dataset.widget;
  if (!KINDS.has(kind)) continue;
  counts[kind] = (counts[kind] ?? 0) + 1;
  placeholder.dataset.page = counts[kind] > 1 ? `${kind}-${counts[kind]}` : kind;
  observer.observe(placeholder);
}
