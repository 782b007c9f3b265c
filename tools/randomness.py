"""Finding random draws that no seed decides, by reading the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

TORCH_DRAWS = {
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like",
    "normal", "bernoulli", "multinomial", "poisson",
}  # fmt: skip
IN_PLACE_DRAWS = {
    "uniform_", "normal_", "random_", "bernoulli_", "exponential_", "cauchy_", "geometric_",
    "log_normal_",
}  # fmt: skip
INIT_DRAWS = re.compile(r"(?:torch\.)?(?:nn\.)?init\.(?:xavier|kaiming|trunc|uniform|normal|orth)")
LAYERS = re.compile(r"(?:torch\.)?nn\.(?:Linear|Conv\d?d?|Embedding|RNN|LSTM|GRU|Bilinear)")
LOADERS = re.compile(r"(?:[\w.]+\.)?(?:DataLoader|RandomSampler|random_split)")
OTHERS = re.compile(r"(?:np|numpy)\.random\.(?!default_rng|Generator|SeedSequence)\w+|random\.\w+")
MAGICS = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)


def unseeded(source: str) -> list[str]:
    r"""Return the calls in a cell that draw from a generator nobody seeded.

    A draw is seeded if it is given ``generator=``, if it follows a ``manual_seed`` in the same
    cell, or, for the layers of a network, if it stands inside a function or class (whoever calls
    it must seed).

    Examples
    --------
    >>> unseeded("torch.manual_seed(0)\nx = torch.randn(3)")
    []
    >>> unseeded("x = torch.randn(3)")
    ['torch.randn(3)']
    """
    tree = ast.parse(MAGICS.sub(r"\1pass", source))
    seeds = [call.lineno for call in _calls(tree) if _name(call).endswith("manual_seed")]
    first = min(seeds, default=None)
    inside = {id(call) for scope in _scopes(tree) for call in _calls(scope)}
    return [
        ast.unparse(call)
        for call in _calls(tree)
        if _draws(call, deferred=id(call) in inside) and not (first and first <= call.lineno)
    ]


def _draws(call: ast.Call, *, deferred: bool) -> bool:
    name = _name(call)
    if any(keyword.arg == "generator" for keyword in call.keywords):
        return False
    if name.endswith("default_rng"):
        return not (call.args or call.keywords)
    return (
        _is_torch_draw(name)
        or OTHERS.fullmatch(name) is not None
        or INIT_DRAWS.match(name) is not None
        or (LOADERS.fullmatch(name) is not None and _shuffles(call, name))
        or (LAYERS.fullmatch(name) is not None and not deferred)
    )


def _is_torch_draw(name: str) -> bool:
    owner, _, last = name.rpartition(".")
    return (owner == "torch" and last in TORCH_DRAWS) or last in IN_PLACE_DRAWS


def _shuffles(call: ast.Call, name: str) -> bool:
    if not name.endswith("DataLoader"):
        return True
    return any(
        keyword.arg == "shuffle" and getattr(keyword.value, "value", True) is not False
        for keyword in call.keywords
    )


def _name(call: ast.Call) -> str:
    """Write the called thing as dotted words; what is not a name becomes nothing."""
    words: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        words.append(node.id)
    return ".".join(reversed(words))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _scopes(tree: ast.AST) -> Iterator[ast.AST]:
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.AsyncFunctionDef)
    return (node for node in ast.walk(tree) if isinstance(node, kinds))
