"""Checkpoints of `fit`: what a file holds, so that a resumed run is the run without a break."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sgdcourse import _checks

__all__ = ["check_path", "optimizer_settings", "read", "write"]

PARTS = {"settings", "model", "optimizer", "history", "generators"}
#: Keys of a parameter group that say how a step is computed, not which, or that name its tensors.
NO_SETTINGS = {"params", "initial_lr", "foreach", "fused", "capturable", "differentiable"}


def check_path(checkpoint: Any) -> Path:
    """Return the path if a file can be written there."""
    if not isinstance(checkpoint, str | os.PathLike):
        _checks.fail("checkpoint", "a path", checkpoint, error=TypeError)
    path = Path(checkpoint)
    if path.is_dir():
        _checks.fail("checkpoint", "a file, not a folder", str(path))
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        _checks.fail("checkpoint", "in a folder that exists and can be written", str(path))
    return path


def optimizer_settings(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Any]:
    """Return the kind of an optimizer, its hyper-parameters and the names of its parameters."""
    names = {id(p): name for name, p in model.named_parameters()}
    found: dict[str, Any] = {"optimizer": type(optimizer).__name__}
    for i, group in enumerate(optimizer.param_groups):
        place = f"optimizer.param_groups[{i}]"
        found[f"{place}['params']"] = [names.get(id(p)) for p in group["params"]]
        own = {key: _plain(value) for key, value in group.items() if key not in NO_SETTINGS}
        found |= {f"{place}['{key}']": value for key, value in own.items()}
    return found


def write(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint beside its place, then put it there in one move."""
    part = path.with_name(f"{path.name}.part")
    try:
        torch.save(_portable(state), part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read(path: Path, now: dict[str, Any]) -> dict[str, Any]:
    """Return the checkpoint in a file, if it goes with what a checkpoint would hold `now`.

    Raises
    ------
    ValueError
        If the file is no checkpoint, or one of another run: of other settings, another model.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        state = None
    if not isinstance(state, dict) or not all(isinstance(state.get(p), dict) for p in PARTS):
        _checks.fail("checkpoint", "a file that this version of fit wrote", str(path))
    _compare(path, state["settings"], now["settings"], "{}")
    _compare(path, _shapes(state["model"]), _shapes(now["model"]), "model.state_dict()['{}']")
    _compare(path, _shapes(state["generators"]), _shapes(now["generators"]), "{}.generator")
    _compare(path, _kinds(state["history"]), _kinds(now["history"]), "history of {}")
    _compare(path, _kinds(state["optimizer"]), _kinds(now["optimizer"]), "optimizer.{}")
    return state


def _compare(path: Path, saved: Mapping, given: Mapping, title: str) -> None:
    """Refuse the first difference between what a checkpoint holds and what is given."""
    for key in [*given, *(key for key in saved if key not in given)]:
        before, after = saved.get(key, "nothing"), given.get(key, "nothing")
        if before != after:
            rule = f"{before!r} as in the checkpoint {str(path)!r}"
            _checks.fail(title.format(key), rule, after, "without resume the run starts anew")


def _shapes(state: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: f"{v.dtype} {tuple(v.shape)}" if isinstance(v, Tensor) else type(v).__name__
        for key, v in state.items()
    }


def _kinds(state: Mapping[str, Any]) -> dict[str, str]:
    return {key: type(value).__name__ for key, value in state.items()}


def _plain(value: Any) -> Any:
    """Return single numbers and arrays as Python's numbers and lists."""
    if isinstance(value, Tensor | np.generic | np.ndarray):
        return value.tolist()
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value


def _portable(state: Any) -> Any:
    """Return nested containers with tensors on the CPU and Python's numbers.

    Every machine can read these, and `torch.load(weights_only=True)`.
    """
    if isinstance(state, dict):
        return {key: _portable(value) for key, value in state.items()}
    if isinstance(state, tuple | list):
        parts = map(_portable, state)
        return tuple(parts) if isinstance(state, tuple) else list(parts)
    if isinstance(state, np.generic):
        return state.item()
    return state.cpu() if isinstance(state, Tensor) else state
