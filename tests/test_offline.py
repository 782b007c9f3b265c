"""What the offline zip holds: all that pages need, nothing of the build's own."""

import zipfile

from tools import offline

FILES = {
    "index.html": "home",
    "book/01.html": "page",
    "_static/boot.js": "script",
    "_images/a.png": "picture",
    "searchindex.js": "index",
}
OWN = {".buildinfo": "x", "_sources/book/01.ipynb": "x", ".doctrees/a": "x", "book/.hidden": "x"}


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def test_zip_holds_the_pages_in_one_folder_and_is_the_same_each_time(tmp_path):
    built = write(tmp_path / "html", FILES | OWN)
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    offline.pack(built, first)
    (built / "index.html").touch()
    offline.pack(built, second)
    with zipfile.ZipFile(first) as packed:
        found = {name: packed.read(name).decode() for name in packed.namelist()}
    assert found == {f"{offline.FOLDER}/{name}": text for name, text in FILES.items()}
    assert first.read_bytes() == second.read_bytes()


def test_command_says_where_the_zip_is(tmp_path, monkeypatch, capsys):
    built = write(tmp_path / "_build" / "html", FILES)
    monkeypatch.setattr(offline, "HTML", built)
    monkeypatch.setattr(offline, "ZIP", tmp_path / "_build" / "course.zip")
    assert offline.main() == 0
    assert "Unpack it and open index.html" in capsys.readouterr().out
    assert (tmp_path / "_build" / "course.zip").exists()


def test_without_a_built_book_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(offline, "HTML", tmp_path)
    assert offline.main() == 1
    assert capsys.readouterr().err == "offline: there is no built book yet; run make book\n"
