"""Page scripts that work from a file manager too: modules become classic scripts at build time.

Browsers refuse ES modules from `file://`.  The explorers, the quizzes and the page's own module
stay modules in their sources (notebooks and tests import them); the book gets the same code as
plain scripts, loaded deferred, each explorer only when it comes near the screen.
"""

import re
from pathlib import Path

import pydata_sphinx_theme

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static/scripts"
MODULES = ["boot.mjs", "quiz.mjs", "page.mjs"]
LOAD = "import(`./${kind}.mjs`)"
LOADER = """
const home = document.currentScript.src.replace(/boot\\.js.*$/, "");
const load = (kind) => new Promise((resolve, reject) => {
  const script = Object.assign(document.createElement("script"), { src: `${home}${kind}.js` });
  script.onload = () => resolve(window.sgdExplorers[kind]);
  script.onerror = () => reject(new Error(`${script.src} did not load`));
  document.head.append(script);
});
"""
MEASURING = re.compile(
    r',"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)\}\)\(\);'
)
LIST = re.compile(r"export\s*\{([^}]*)\};?\s*$")


def write(app, error):
    """Turn every module among the static files into a script of the same name."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    lighten(static / "scripts" / "pydata-sphinx-theme.js")
    for module in static.glob("*.mjs"):
        text = module.read_text("utf-8")
        plain = page_script(text) if module.name in MODULES else explorer(text, module.stem)
        module.with_suffix(".js").write_text(plain, "utf-8")
        module.unlink()


def lighten(script):
    """Take one measuring pass out of the theme's script: our page module does it when needed.

    At each load and change of the page the theme measures every box of code; in a long chapter
    that lays out what nobody looks at yet.
    """
    original = THEME / script.name  # not the copy, which an earlier build has changed
    text, count = MEASURING.subn("})();", original.read_text("utf-8"))
    if count != 1:
        raise ValueError(f"{script.name} is another version of the theme's: look at MEASURING")
    script.write_text(text, "utf-8")


def page_script(text):
    """Return a module that nothing imports as a script."""
    text = re.sub(r"^export default ", "const exported = ", text, flags=re.MULTILINE)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    if LOAD in text:
        text = LOADER + text.replace(LOAD, "load(kind)")
    return closed(text)


def explorer(text, kind):
    """Return an explorer's module as a script that hands itself over by name."""
    found = LIST.search(text)
    default = found and re.search(r"([\w$]+) as default", found[1])
    if not default:
        raise ValueError(f"{kind}.mjs must end with a list of exports that has a default")
    hand_over = f'\n(window.sgdExplorers ??= {{}})["{kind}"] = {{ default: {default[1]} }};'
    return closed(text[: found.start()] + hand_over)


def closed(text):
    """Wrap code so that its names stay its own; imports that are left would fail in the page."""
    if re.search(r"""^import\b.*["'];?$|\bimport\(""", text, flags=re.MULTILINE):
        raise ValueError("a page script must not import anything")
    return f'(() => {{ "use strict";\n{text}\n}})();\n'


def setup(app):
    app.connect("build-finished", write, priority=850)
