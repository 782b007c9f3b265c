"""Second derivatives of a model's loss, and a check of the first ones."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from sgdcourse import _checks
from sgdcourse.diagnostics.parameters import (
    Data,
    checked_vector,
    flat_parameters,
    flatten,
    loss_of_parameters,
    slopes,
    trainable,
    unflatten,
)
from sgdcourse.training import Loss

__all__ = [
    "finite_difference",
    "gradient_check",
    "hessian",
    "hessian_vector_product",
    "sharpness",
]

Operator = Callable[[Tensor], Tensor]


def _hessian_operator(model: nn.Module, data: Data, loss: str | Loss) -> Operator:
    """Return v → Hv; the graph of the gradient is made once and used again."""
    parameters = list(trainable(model).values())
    value = loss_of_parameters(model, data, loss)(dict(trainable(model)))
    slope = flatten(slopes(value, parameters, create_graph=True))

    def multiply(vector: Tensor) -> Tensor:
        return flatten(slopes(slope, parameters, grad_outputs=vector, retain_graph=True))

    return multiply if slope.requires_grad else torch.zeros_like


def hessian_vector_product(
    model: nn.Module, data: Data, vector: Tensor, *, loss: str | Loss
) -> Tensor:
    """Multiply the Hessian of the mean loss with a vector, without forming the Hessian.

    Hv = ∇(∇L · v): two passes backward, whatever the number of parameters.

    Parameters
    ----------
    model : nn.Module
        With p trained parameters.
    data : (x, y)
        Tensors of n rows each.
    vector : Tensor of shape (p,)
        The vector v.
    loss : "mse", "cross_entropy" or callable (output, y) → mean

    Returns
    -------
    Tensor of shape (p,)

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Pearlmutter (1994), Neural Computation 6(1):147.

    Examples
    --------
    >>> line, ones = nn.Linear(1, 1, bias=False), torch.ones(4, 1)
    >>> hessian_vector_product(line, (ones, ones), torch.tensor([3.0]), loss="mse")
    tensor([6.])
    """
    direction = checked_vector("vector", vector, model)
    return _hessian_operator(model, data, loss)(direction)


def hessian(model: nn.Module, data: Data, *, loss: str | Loss) -> Tensor:
    """Hessian of the mean loss, in full; for models of up to a few thousand parameters.

    Parameters
    ----------
    model : nn.Module
        With p trained parameters.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → mean

    Returns
    -------
    Tensor of shape (p, p)

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Pearlmutter (1994), Neural Computation 6(1):147, applied to every unit vector.

    Examples
    --------
    >>> line, x = nn.Linear(1, 1), torch.tensor([[-1.0], [1.0]])
    >>> hessian(line, (x, x), loss="mse")
    tensor([[2., 0.],
            [0., 2.]])
    """
    multiply = _hessian_operator(model, data, loss)
    here = flat_parameters(model)
    return torch.stack([multiply(row) for row in torch.eye(len(here)).to(here)])


def sharpness(
    model: nn.Module,
    data: Data,
    *,
    loss: str | Loss,
    iterations: int = 500,
    tolerance: float = 1e-4,
    seed: int = 0,
) -> float:
    """Largest eigenvalue of the Hessian of the mean loss, by Lanczos's method.

    Only products Hv are needed, mostly some ten. Gradient descent is stable there only for
    η < 2/sharpness.

    Parameters
    ----------
    model : nn.Module
        With p trained parameters.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → mean
    iterations : int, ≥ 1, default 500
        At most so many products with the Hessian; for each, p numbers are kept.
    tolerance : float, > 0, default 1e-4
        Stop once the residual ‖Hv − λv‖ is at most tolerance · |λ|: then an eigenvalue lies that
        close to λ, mostly far closer.
    seed : int in [0, 2³¹), default 0
        Decides the first vector.

    Returns
    -------
    float
        The largest eigenvalue, with its sign; NaN where second derivatives are not finite.

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Cohen et al. (2021), ICLR, arXiv:2103.00065, section 2. Lanczos (1950), Journal of Research of
    the National Bureau of Standards 45(4):255.

    Examples
    --------
    >>> line, x = nn.Linear(1, 1), torch.tensor([[-2.0], [2.0]])
    >>> round(sharpness(line, (x, x), loss="mse"), 4)
    8.0
    """
    most = _checks.integer("iterations", iterations, low=1)
    small = _checks.number("tolerance", tolerance, low=0, open_low=True)
    generator = torch.Generator().manual_seed(_checks.seed(seed))
    here = flat_parameters(model)
    start = torch.randn(len(here), generator=generator).to(here)
    return _highest_eigenvalue(_hessian_operator(model, data, loss), start, most, small)


def _highest_eigenvalue(multiply: Operator, start: Tensor, most: int, small: float) -> float:
    """Return the highest eigenvalue of a symmetric operator, by Lanczos's method.

    In an orthonormal basis of start, H·start, H²·start … the operator is tridiagonal. What a new
    product has outside of the basis is both the next direction and a bound on the error.
    """
    basis = (start / start.norm())[None]
    diagonal: list[float] = []
    beside: list[float] = []
    top = 0.0
    for _ in range(min(most, len(start))):
        product = multiply(basis[-1])
        diagonal.append(torch.dot(basis[-1], product).item())
        for _ in range(2):  # the second time for what rounding left of the first
            product = product - basis.T @ (basis @ product)
        length = product.norm().item()
        if not math.isfinite(length):
            return math.nan
        inner = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
        inner += torch.diag(torch.tensor(beside, dtype=torch.float64), -1)  # eigh reads one half
        values, vectors = torch.linalg.eigh(inner)
        top, largest = values[-1].item(), values.abs().max().item()
        residual = length * abs(vectors[-1, -1].item())
        if residual <= max(small * abs(top), torch.finfo(start.dtype).eps * largest):
            break
        basis = torch.cat([basis, (product / length)[None]])
        beside.append(length)
    return top


def finite_difference(
    function: Callable[[Tensor], Tensor], point: Tensor, *, step: float = 1e-5
) -> Tensor:
    """Gradient of a function by central differences.

    (f(w + h·eᵢ) − f(w − h·eᵢ)) / 2h for every coordinate i.

    Parameters
    ----------
    function : callable
        Maps a tensor shaped like `point` to a scalar tensor.
    point : Tensor, float64
        w, of any shape. In float32 rounding would drown the difference.
    step : float, > 0, default 1e-5
        The step h.

    Returns
    -------
    Tensor
        Shaped like `point`; its error is about h²|f'''|/6 + 1e-16·|f|/h.

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Nocedal, Wright (2006), Numerical Optimization, equation 8.7.

    Examples
    --------
    >>> w = torch.tensor([1.0, 3.0], dtype=torch.float64)
    >>> finite_difference(lambda w: (w**2).sum(), w).round(decimals=6)
    tensor([2., 6.], dtype=torch.float64)
    """
    _checks.function("function", function, "of a tensor")
    h = _checks.number("step", step, low=0, open_low=True)
    if _checks.tensor("point", point).dtype != torch.float64:
        _checks.fail("point", "of dtype float64", point.dtype, "use point.double()", TypeError)
    here = point.detach().reshape(-1)
    slopes = []
    with torch.no_grad():
        for shift in h * torch.eye(here.numel(), dtype=here.dtype, device=here.device):
            ahead, behind = ((here + s).view_as(point) for s in (shift, -shift))
            slopes.append((function(ahead) - function(behind)) / (2 * h))
    return torch.stack(slopes).view_as(point)


def gradient_check(model: nn.Module, data: Data, *, loss: str | Loss, step: float = 1e-5) -> float:
    """Largest difference between autograd's gradient and finite differences.

    Computed in float64 on a copy of the model.

    Parameters
    ----------
    model : nn.Module
        Small: every parameter costs two evaluations.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → mean
    step : float, > 0, default 1e-5
        Shift of each parameter.

    Returns
    -------
    float
        About 1e-9 where all is right; larger where a shift crosses the kink of a ReLU.

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Nocedal, Wright (2006), Numerical Optimization, section 8.1.

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 20)[:, None]
    >>> gradient_check(nn.Linear(1, 1), (x, x**2), loss="mse") < 1e-8
    True
    """
    trainable(model)
    x, y = (t.double() if t.is_floating_point() else t for t in _checks.pair("data", data))
    twin = copy.deepcopy(model).double()
    loss_of = loss_of_parameters(twin, (x, y), loss)
    leaf = flat_parameters(twin).requires_grad_(True)
    exact = torch.autograd.grad(loss_of(unflatten(twin, leaf)), leaf)[0]
    measured = finite_difference(lambda w: loss_of(unflatten(twin, w)), leaf, step=step)
    return (exact - measured).abs().max().item()
