"""The API's tables: every public name leads to its description, and says what it is."""

import re

ROW = re.compile(r"<td><p>(.*?)</p></td>\s*<td>(.*?)</td>", re.DOTALL)


def test_every_public_name_is_linked_and_described(html):
    page = (html / "book" / "appendix" / "api.html").read_text("utf-8")
    rows = [row for table in page.split("api-names")[1:] for row in ROW.findall(table)]
    assert len(rows) > 120
    for name, words in rows:
        assert "<a " in name, name
        assert len(re.sub("<[^>]*>", "", words)) > 10, name


def test_every_description_leads_to_a_chapter(html):
    for path in (html / "book" / "appendix" / "api").glob("*.html"):
        entries = path.read_text("utf-8").split('<dl class="py ')[1:]
        whole = [entry for entry in entries if entry.startswith(("function", "class", "data"))]
        assert whole, path.name
        for entry in whole:
            name = re.search(r'id="([\w.]+)"', entry)[1]
            last = entry if not entry.startswith("class") else "".join(entries)
            assert re.search(r"<em>(First met in|Belongs to)</em>", last), name
