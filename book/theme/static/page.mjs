// What every page of the book does for its readers beyond the theme.

/** Let the keyboard reach what scrolls: wide formulas, tables, code and outputs. */
function reachable({ target: box }) {
  const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
  if (scrolls) box.tabIndex = 0;
  else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
}

const watcher = new ResizeObserver((entries) => entries.forEach(reachable));
for (const box of document.querySelectorAll(".math-block, .bd-article pre, .pst-scrollable-table-container, .cell_output .output")) {
  watcher.observe(box);
}

// Only menus need the theme's library of 80 kB; other pages do without it.
if (document.querySelector('[data-bs-toggle="dropdown"]')) {
  const src = document.currentScript.src.replace(/page\.js.*$/, "scripts/bootstrap.js");
  document.head.append(Object.assign(document.createElement("script"), { src }));
}

// In those excerpts each formula is said once: as it is drawn.
addEventListener("DOMContentLoaded", () => {
  if (typeof Search !== "object") return;
  const plain = Search.htmlToText;
  Search.htmlToText = (html, ...more) => plain(html.replace(/<span class="katex-mathml">.*?<\/math><\/span>/gs, ""), ...more);
});

// Excerpts under search results are fetched, which a browser allows over http only.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
