"""The package stays readable: small functions, small modules, no dead weight."""

import ast
import statistics
from pathlib import Path

import pytest

import sgdcourse

HOME = Path(sgdcourse.__file__).parent
SOURCES = {path.relative_to(HOME).as_posix(): path for path in sorted(HOME.rglob("*.py"))}
MAX_LINES = 40
MAX_MODULE = 300
MEDIAN_LINES = 10
MAX_POSITIONAL = 6

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (*FUNCTION, ast.ClassDef, ast.Module)


def code_lines(source, tree):
    """The line numbers that hold code: no docstring, comment or blank line."""
    held = {
        number
        for number, line in enumerate(source.splitlines(), start=1)
        if line.strip() and not line.strip().startswith("#")
    }
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            held -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return held


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, FUNCTION)]


def length(node, held):
    """Lines of a function's body, the signature apart."""
    return len(held & set(range(node.body[0].lineno, node.end_lineno + 1)))


@pytest.fixture(params=SOURCES)
def module(request):
    source = SOURCES[request.param].read_text(encoding="utf-8")
    tree = ast.parse(source)
    return tree, code_lines(source, tree)


def test_a_module_is_split_before_it_is_long(module):
    _, held = module
    assert len(held) < MAX_MODULE


def test_a_function_fits_on_a_screen(module):
    tree, held = module
    long = {node.name: length(node, held) for node in functions(tree)}
    assert {name: n for name, n in long.items() if n > MAX_LINES} == {}


def test_options_are_given_by_name(module):
    tree, _ = module
    many = {
        node.name: len(node.args.posonlyargs + node.args.args)
        for node in functions(tree)
        if not node.name.startswith("_")
    }
    assert {name: n for name, n in many.items() if n > MAX_POSITIONAL + 1} == {}


def test_most_functions_are_short():
    lengths = []
    for path in SOURCES.values():
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        held = code_lines(source, tree)
        lengths += [length(node, held) for node in functions(tree)]
    assert statistics.median(lengths) <= MEDIAN_LINES


def test_asserts_are_for_tests(module):
    tree, _ = module
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)] == []
