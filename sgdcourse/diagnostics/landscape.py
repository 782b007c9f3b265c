"""Slices through a loss landscape, and the plane in which a run moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from sgdcourse import _checks
from sgdcourse.diagnostics.parameters import (
    Data,
    checked_vector,
    flat_parameters,
    flatten,
    loss_of_parameters,
    trainable,
    unflatten,
)
from sgdcourse.training import Loss

if TYPE_CHECKING:
    import xarray

__all__ = ["Trajectory", "loss_slice", "random_direction", "trajectory_pca"]


class Trajectory(NamedTuple):
    """A path seen in its own principal plane.

    Attributes
    ----------
    coordinates : Tensor of shape (t, k)
        Every point's place in the plane; the last point is the origin.
    directions : Tensor of shape (k, p)
        Unit vectors that span the plane.
    explained : Tensor of shape (k,)
        Part of the path's squared distance from its end that lies along each direction.

    Examples
    --------
    >>> Trajectory(torch.zeros(3, 2), torch.eye(2), torch.tensor([0.9, 0.1])).explained.sum()
    tensor(1.)
    """

    coordinates: Tensor
    directions: Tensor
    explained: Tensor


def random_direction(model: nn.Module, *, seed: int = 0, normalise: str = "filter") -> Tensor:
    """Draw a random direction in parameter space, scaled to the model's weights.

    d ← d · ‖w‖/‖d‖, for each filter (row of a weight), or for the vector as a whole.

    Parameters
    ----------
    model : nn.Module
        With p trained parameters.
    seed : int in [0, 2³¹), default 0
        Decides the direction.
    normalise : {"filter", "whole", "none"}
        "filter" makes slices comparable between networks: a ReLU network whose rows are
        rescaled computes the same function. Biases and other vectors are then left out (0).

    Returns
    -------
    Tensor of shape (p,)

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Li, Xu, Taylor, Studer, Goldstein (2018), NeurIPS, arXiv:1712.09913, section 4.

    Examples
    --------
    >>> layer = nn.Linear(3, 2)
    >>> direction = random_direction(layer, normalise="whole")
    >>> bool(torch.isclose(direction.norm(), flat_parameters(layer).norm()))
    True
    """
    _checks.one_of("normalise", normalise, ("filter", "whole", "none"))
    generator = torch.Generator().manual_seed(_checks.seed(seed))
    here = flat_parameters(model)
    drawn = torch.randn(len(here), generator=generator, dtype=torch.float64).to(here)
    if normalise == "whole":
        return drawn * here.norm() / drawn.norm()
    if normalise == "none":
        return drawn
    parts = unflatten(model, drawn)
    return flatten(_like_filters(parts[n], p.detach()) for n, p in trainable(model).items())


def _like_filters(direction: Tensor, weight: Tensor) -> Tensor:
    """Give each row of `direction` the norm of the row of `weight`; vectors become 0."""
    if weight.ndim < 2:
        return torch.zeros_like(direction)
    rows, like = direction.flatten(1), weight.flatten(1)
    scale = like.norm(dim=1, keepdim=True) / rows.norm(dim=1, keepdim=True)
    return (rows * scale).view_as(weight)


@torch.no_grad()
def loss_slice(
    model: nn.Module,
    data: Data,
    directions: Sequence[Tensor],
    *,
    loss: str | Loss,
    along: Tensor | Sequence[float],
    centre: Tensor | None = None,
) -> xarray.DataArray:
    """Loss along a line, or over a plane, in parameter space.

    L(w + a·d₁), or L(w + a·d₁ + b·d₂).

    Parameters
    ----------
    model : nn.Module
        With p trained parameters; it is left as it is.
    data : (x, y)
        Tensors of n rows each.
    directions : sequence of one or two Tensors of shape (p,)
        d₁ and d₂. For the straight line between two models give their difference.
    loss : "mse", "cross_entropy" or callable (output, y) → mean
    along : Tensor or sequence of float
        Values of a, and of b.
    centre : Tensor of shape (p,), optional
        w; the model's own parameters by default.

    Returns
    -------
    xarray.DataArray
        With dimension "a", or dimensions "a" and "b".

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Goodfellow, Vinyals, Saxe (2015), ICLR, arXiv:1412.6544, section 2.
    Li, Xu, Taylor, Studer, Goldstein (2018), NeurIPS, arXiv:1712.09913, section 3.

    Examples
    --------
    >>> line, one = nn.Linear(1, 1, bias=False), torch.ones(1, 1)
    >>> across = loss_slice(line, (one, 0 * one), [torch.ones(1)], loss="mse",
    ...                     along=[-1.0, 0.0, 2.0], centre=torch.zeros(1))
    >>> across.values
    array([1., 0., 4.])
    """
    import xarray

    if not isinstance(directions, (list, tuple)) or len(directions) not in (1, 2):
        _checks.fail("directions", "a list of one or two tensors", directions)
    axes = torch.stack([checked_vector("directions", d, model) for d in directions])
    start = flat_parameters(model) if centre is None else checked_vector("centre", centre, model)
    places = [_checks.number("along", a) for a in _checks.sequence("along", along)]
    steps = _checks.tensor("along", torch.tensor(places, dtype=torch.float64))
    loss_of = loss_of_parameters(model, data, loss)
    grid = torch.cartesian_prod(*[steps] * len(axes)).reshape(-1, len(axes)).to(start)
    values = torch.stack([loss_of(unflatten(model, start + row @ axes)) for row in grid])
    names = ("a", "b")[: len(axes)]
    return xarray.DataArray(
        values.double().reshape([len(steps)] * len(axes)).numpy(force=True),
        dims=names,
        coords={name: steps.numpy() for name in names},
        name="loss",
    )


def trajectory_pca(path: Tensor, *, dims: int = 2) -> Trajectory:
    """Find the plane in which a run moves most, seen from where it ends.

    Singular value decomposition of w₀ − w_T, w₁ − w_T, …

    Parameters
    ----------
    path : Tensor of shape (t, p)
        Parameters after each step, t ≥ 2.
    dims : int, ≥ 1, default 2
        k, how many directions to keep.

    Returns
    -------
    Trajectory
        With `coordinates`, `directions` and `explained`. A long random walk in many dimensions
        explains itself to 90 % with two directions, too: a smooth curve proves nothing.

    Raises
    ------
    ValueError, TypeError
        On a bad argument, or a path that does not move.

    References
    ----------
    Li, Xu, Taylor, Studer, Goldstein (2018), NeurIPS, arXiv:1712.09913, section 7.
    Antognini, Sohl-Dickstein (2018), NeurIPS, arXiv:1806.08805 (random walks).

    Examples
    --------
    >>> seen = trajectory_pca(torch.tensor([[2.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]))
    >>> seen.explained
    tensor([1., 0.])
    """
    points = _checks.tensor("path", path, ndim=2).detach()
    count = _checks.integer("dims", dims, low=1, high=min(points.shape))
    offsets = points - points[-1]
    if not bool(offsets.any()):
        _checks.fail("path", "a path that moves", tuple(path.shape))
    left, sizes, right = torch.linalg.svd(offsets, full_matrices=False)
    return Trajectory(
        coordinates=left[:, :count] * sizes[:count],
        directions=right[:count],
        explained=(sizes**2 / (sizes**2).sum())[:count],
    )
