"""`SGD` as a PyTorch optimizer of our own: bookkeeping here, the update in `rules`.

A drop-in for `torch.optim.SGD`, equal to the last bit in float64 and short enough to read.
Chapter 7 builds it from nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from sgdcourse import rules

__all__ = ["SGD"]

_OPTIONS = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")


class SGD(torch.optim.Optimizer):
    """Stochastic gradient descent with momentum, dampening, Nesterov and weight decay.

    With parameters w, gradient g, velocity v, `lr` η, `momentum` μ, `dampening` τ and
    `weight_decay` λ::

        g ← g + λw
        v ← μv + (1 − τ)g        (v ← g on the first step)
        w ← w − ηv               (w ← w − η(g + μv) with nesterov)

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train: `model.parameters()`, or one dict for each parameter group.
    lr : float or one-element Tensor, ≥ 0, default 1e-3
    momentum : float, ≥ 0, default 0
        Converges only below 1; like PyTorch this class leaves the upper end open.
    dampening : float, default 0
        Has no effect on the first step, nor without momentum.
    weight_decay : float, ≥ 0, default 0
    nesterov : bool, default False
        Needs momentum > 0 and dampening 0.
    maximize : bool, default False
        Climb instead of descend.

    Raises
    ------
    ValueError
        As `torch.optim.SGD`, in the same words.

    References
    ----------
    Polyak (1964); Sutskever et al. (2013).  Differs from `torch.optim.SGD` in leaving out
    `foreach`, `fused` and `differentiable`, which change how it is computed and not what.

    Examples
    --------
    >>> w = torch.nn.Parameter(torch.tensor(1.0))
    >>> optimizer = SGD([w], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w**2 / 2).backward()
    ...     optimizer.step()
    >>> round(w.item(), 4)
    0.72
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        options = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, options)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Evaluates the model again, calls `backward` and returns the loss.

        Returns
        -------
        The closure's loss, or None without one.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            options = {name: group[name] for name in _OPTIONS}
            options["lr"] = float(options["lr"])
            for param in group["params"]:
                if param.grad is not None:
                    rules.sgd_(param, param.grad, self.state[param], **options)
        return loss
