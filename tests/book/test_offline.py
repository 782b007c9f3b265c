"""The zip for a classroom without a network: unpacked anywhere, its pages live."""

import zipfile

import pytest

from tools import offline

pytestmark = pytest.mark.browser


def test_unpacked_zip_opens_from_a_file_manager(visit, html, tmp_path):
    offline.pack(html, tmp_path / "course.zip")
    with zipfile.ZipFile(tmp_path / "course.zip") as packed:
        packed.extractall(tmp_path)
    course = tmp_path / offline.FOLDER
    assert 'url=book/index.html"' in (course / "index.html").read_text("utf-8")
    seen = visit("book/index.html", root=course.as_uri(), offline=True)
    seen.page.locator(".sgd-x[data-ready]").first.wait_for()
    seen.page.goto(f"{course.as_uri()}/search.html?q=dampening")
    seen.page.locator("#search-results li a").first.wait_for()
    assert not seen.strays
    assert not seen.faults
