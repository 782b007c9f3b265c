"""The printed cheat sheet: one sheet of A4 or Letter, every rule named, formulas as text."""

import io
import re
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader

pytestmark = pytest.mark.browser

RULES = Path(__file__).parents[2] / "sgdcourse" / "rules.py"
NAMES = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSProp", "adam": "Adam", "adamw": "AdamW"}
VARIANTS = ["momentum", "Nesterov", "weight decay", "Keras", "Dampening"]
FORMULAS = [
    "w←w−ηg",
    "v←μv+(1−τ)g",
    "w←w−ηv",
    "w←w−η(g+μv)",
    "v←μv−ηg",
    "w←w+v",
    "g←g+δw",
    "s←s+g2",
    "s←αs+(1−α)g2",
    "w←(1−ηδ)w",
    "κ=L/m",
    "1−t/T",
    "η/(1−μ)",
]


def test_the_cheat_sheet_fills_one_sheet_names_every_rule_and_keeps_formulas_as_text(visit):
    seen = visit("book/appendix/cheat_sheet.html", color_scheme="dark")
    seen.scroll()  # every font that is needed has come
    assert set(NAMES) == set(
        re.findall(r'^    "(\w+)": \w+_,$', RULES.read_text("utf-8"), re.MULTILINE)
    )
    for paper in ("A4", "Letter"):
        (page,) = PdfReader(io.BytesIO(seen.page.pdf(format=paper))).pages
        text = page.extract_text()
        assert text.startswith("Cheat sheet")
        assert "Print this page" not in text  # an instruction for the screen
        for name in [*NAMES.values(), *VARIANTS]:
            assert name in text, (paper, name)
        plain = "".join(unicodedata.normalize("NFKC", text).split())
        for formula in FORMULAS:
            assert formula in plain, (paper, formula)
