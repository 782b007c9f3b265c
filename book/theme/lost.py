"""The page that a host shows for an address without one: GitHub Pages looks for `404.html`.

It is shown at any depth, so its links start from where the book is published (`ogp_site_url`).
"""

from urllib.parse import urlsplit


def page(app):
    """Add the page, with a link to each chapter and appendix."""
    titles = app.env.titles
    names = app.env.toctree_includes.get(app.config.root_doc, [])
    base = urlsplit(app.config.ogp_site_url).path or "/"
    context = {"base": base, "entries": [(name, titles[name].astext()) for name in names]}
    yield "404", context, "404.html"


def setup(app):
    app.connect("html-collect-pages", page)
