"""Pictures keep their place while they load, and load when the reader comes near."""

import re
from pathlib import Path
from urllib.parse import unquote

import imagesize

IMAGE = re.compile(r"<img\b[^>]*>")
SOURCE = re.compile(r'\bsrc="([^"]+)"')


def settle(app, _pagename, _templatename, context, _doctree):
    """Give each picture of the page its size, and let all load late."""
    if "body" in context:
        context["body"] = IMAGE.sub(lambda tag: completed(app, tag[0]), context["body"])


def completed(app, tag):
    """Return the tag with width, height and loading, as far as they are missing."""
    source = SOURCE.search(tag)
    additions = {"loading": "lazy", "decoding": "async"}
    if source and "width=" not in tag and "height=" not in tag:
        width, height = size(app, Path(unquote(source[1])).name)
        if width > 0:
            additions |= {"width": width, "height": height}
    extra = "".join(f' {k}="{v}"' for k, v in additions.items() if f" {k}=" not in tag)
    return tag.rstrip("/> ") + extra + ">"


def size(app, name):
    """Return width and height of a picture of the book, by its name in `_images`."""
    for source, (_, copied) in app.env.images.items():
        if copied == name:
            return imagesize.get(str(Path(app.srcdir) / source))
    return (-1, -1)


def setup(app):
    app.connect("html-page-context", settle, priority=900)
