"""Learning-rate schedules: pure functions from the step to the learning rate.

A schedule is called with the number of updates already made, 0, 1, 2, …, and gives the learning
rate of the next one.  It keeps no state, so it can be plotted, called twice or out of order.
With the default `lr=1.0` it is a factor: `fit`, `sweep` and `as_torch` multiply it with the
optimizer's own learning rate, so that in every case lr used at step t = lr · schedule(t).
Introduced in chapter 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LRScheduler

from sgdcourse import _checks

__all__ = [
    "Schedule",
    "as_torch",
    "constant",
    "cosine",
    "exponential",
    "inverse_sqrt",
    "inverse_time",
    "linear",
    "multi_step",
    "one_cycle",
    "polynomial",
    "reduce_on_plateau",
    "step",
    "warm_restarts",
    "warmup",
    "wsd",
]

SMALLEST_CUT = 1e-8  # PyTorch's eps


@dataclass(frozen=True)
class Schedule:
    """A function step → learning rate that remembers how it was made.

    schedule(t) = lr · factor(t)

    Parameters
    ----------
    text : str
        The call that made it; its `repr`.
    factor : callable
        Maps the step, a whole number ≥ 0, to a factor ≥ 0.
    lr : float, > 0
        Learning rate at factor 1.

    Examples
    --------
    >>> halving = exponential(0.5)
    >>> [halving(t) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    >>> halving
    exponential(gamma=0.5, lr=1.0)
    """

    text: str
    factor: Callable[[int], float]
    lr: float = 1.0

    def __post_init__(self) -> None:
        _checks.text("text", self.text)
        _checks.function("factor", self.factor, "of the step")
        _checks.number("lr", self.lr, low=0, open_low=True)

    def __call__(self, step: int) -> float:
        """Learning rate of update number `step` (0 for the first)."""
        return self.lr * self.factor(_checks.integer("step", step, low=0))

    def __repr__(self) -> str:
        return self.text


def _make(name: str, factor: Callable[[int], float], lr: float, **arguments: object) -> Schedule:
    _checks.number("lr", lr, low=0, open_low=True)
    text = ", ".join(f"{key}={value!r}" for key, value in {**arguments, "lr": lr}.items())
    return Schedule(f"{name}({text})", factor, float(lr))


def _fraction(name: str, value: float) -> float:
    return _checks.number(name, value, low=0, high=1)


def constant(*, lr: float = 1.0) -> Schedule:
    """Keep the learning rate as it is.

    Parameters
    ----------
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    Examples
    --------
    >>> constant(lr=0.2)(1000)
    0.2
    """
    return _make("constant", lambda t: 1.0, lr)


def step(step_size: int, *, gamma: float = 0.1, lr: float = 1.0) -> Schedule:
    """Multiply by `gamma` every `step_size` steps: lr · γ^⌊t / step_size⌋.

    Parameters
    ----------
    step_size : int, ≥ 1
    gamma : float in (0, 1], default 0.1
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    Examples
    --------
    >>> [step(2, gamma=0.5)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _checks.integer("step_size", step_size, low=1)
    _checks.number("gamma", gamma, low=0, high=1, open_low=True)
    return _make("step", lambda t: gamma ** (t // step_size), lr, step_size=step_size, gamma=gamma)


def multi_step(milestones: Sequence[int], *, gamma: float = 0.1, lr: float = 1.0) -> Schedule:
    """Multiply by `gamma` at each milestone: lr · γ^(number of milestones ≤ t).

    Parameters
    ----------
    milestones : increasing sequence of int, each ≥ 1
    gamma : float in (0, 1], default 0.1
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    Examples
    --------
    >>> [multi_step([1, 3], gamma=0.1)(t) for t in (0, 1, 2, 3)]
    [1.0, 0.1, 0.1, 0.010000000000000002]
    """
    listed = _checks.sequence("milestones", milestones)
    marks = [_checks.integer("milestones", m, low=1) for m in listed]
    if not marks or sorted(set(marks)) != marks:
        _checks.fail("milestones", "an increasing sequence of steps", milestones)
    _checks.number("gamma", gamma, low=0, high=1, open_low=True)
    return _make(
        "multi_step",
        lambda t: gamma ** sum(m <= t for m in marks),
        lr,
        milestones=marks,
        gamma=gamma,
    )


def exponential(gamma: float, *, lr: float = 1.0) -> Schedule:
    """Multiply by `gamma` at every step: lr · γᵗ.

    Parameters
    ----------
    gamma : float in (0, 1]
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    Examples
    --------
    >>> exponential(0.5, lr=0.4)(2)
    0.1
    """
    _checks.number("gamma", gamma, low=0, high=1, open_low=True)
    return _make("exponential", lambda t: gamma**t, lr, gamma=gamma)


def polynomial(steps: int, *, power: float = 1.0, end: float = 0.0, lr: float = 1.0) -> Schedule:
    """Fall from lr to lr·end within `steps`: lr · (end + (1 − end)(1 − t/steps)^power).

    Parameters
    ----------
    steps : int, ≥ 1
        From here on the learning rate stays at lr·end.
    power : float, > 0, default 1
    end : float in [0, 1], default 0
        Last value, as a fraction of `lr`.
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    Examples
    --------
    >>> [polynomial(4, power=2)(t) for t in (0, 2, 4, 9)]
    [1.0, 0.25, 0.0, 0.0]
    """
    _checks.integer("steps", steps, low=1)
    _checks.number("power", power, low=0, open_low=True)
    _fraction("end", end)

    def factor(t: int) -> float:
        return end + (1 - end) * (1 - min(t, steps) / steps) ** power

    return _make("polynomial", factor, lr, steps=steps, power=power, end=end)


def linear(steps: int, *, end: float = 0.0, lr: float = 1.0) -> Schedule:
    """Fall in a straight line from lr to lr·end: `polynomial` with power 1.

    Parameters
    ----------
    steps : int, ≥ 1
    end : float in [0, 1], default 0
        Last value, as a fraction of `lr`.
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    References
    ----------
    Defazio et al. (2023), arXiv:2310.07831: why linear decay to zero is hard to beat.

    Examples
    --------
    >>> [linear(4)(t) for t in range(5)]
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """
    return _make("linear", polynomial(steps, end=end).factor, lr, steps=steps, end=end)


def inverse_time(decay: float, *, lr: float = 1.0) -> Schedule:
    """Fall like 1/t: lr / (1 + decay · t).

    Parameters
    ----------
    decay : float, > 0, per step
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    References
    ----------
    Robbins and Monro (1951): Σ lr = ∞ and Σ lr² < ∞ hold for it.

    Examples
    --------
    >>> inverse_time(0.5)(2)
    0.5
    """
    _checks.number("decay", decay, low=0, open_low=True)
    return _make("inverse_time", lambda t: 1 / (1 + decay * t), lr, decay=decay)


def inverse_sqrt(scale: float, *, lr: float = 1.0) -> Schedule:
    """Fall like 1/√t: lr / √(1 + t/scale).

    Parameters
    ----------
    scale : float, > 0, steps
        After 3·scale steps the learning rate has halved.
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    Examples
    --------
    >>> inverse_sqrt(100)(300)
    0.5
    """
    _checks.number("scale", scale, low=0, open_low=True)
    return _make("inverse_sqrt", lambda t: 1 / math.sqrt(1 + t / scale), lr, scale=scale)


def _half_cosine(progress: float, start: float, end: float) -> float:
    """Go from `start` to `end` along half a cosine as `progress` goes from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def cosine(steps: int, *, end: float = 0.0, lr: float = 1.0) -> Schedule:
    """Fall along half a cosine: lr · (end + (1 − end)(1 + cos(π t/steps))/2).

    Parameters
    ----------
    steps : int, ≥ 1
        From here on the learning rate stays at lr·end.
    end : float in [0, 1], default 0
        Last value, as a fraction of `lr`.
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    References
    ----------
    Loshchilov and Hutter (2017), arXiv:1608.03983, eq. 5 without restarts.
    Differs from `torch.optim.lr_scheduler.CosineAnnealingLR`, which rises again after `steps`.

    Examples
    --------
    >>> [round(cosine(4)(t), 3) for t in (0, 2, 4, 5)]
    [1.0, 0.5, 0.0, 0.0]
    """
    _checks.integer("steps", steps, low=1)
    _fraction("end", end)
    return _make(
        "cosine", lambda t: _half_cosine(min(t, steps) / steps, 1, end), lr, steps=steps, end=end
    )


def warm_restarts(period: int, *, growth: int = 1, end: float = 0.0, lr: float = 1.0) -> Schedule:
    """Cosine that starts again at full lr; each period is `growth` times the one before.

    Parameters
    ----------
    period : int, ≥ 1
        Steps of the first cosine.
    growth : int, ≥ 1, default 1
    end : float in [0, 1], default 0
        Lowest value, as a fraction of `lr`.
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    References
    ----------
    Loshchilov and Hutter (2017), arXiv:1608.03983, eq. 5 (SGDR).

    Examples
    --------
    >>> [round(warm_restarts(2, growth=2)(t), 3) for t in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """
    _checks.integer("period", period, low=1)
    _checks.integer("growth", growth, low=1)
    _fraction("end", end)

    def factor(t: int) -> float:
        length = period
        while t >= length:
            t, length = t - length, length * growth
        return _half_cosine(t / length, 1, end)

    return _make("warm_restarts", factor, lr, period=period, growth=growth, end=end)


def warmup(steps: int, then: Schedule) -> Schedule:
    """Rise in a straight line for `steps` steps, then follow another schedule from its start.

    schedule(t) = then(0) · (t + 1)/steps for t < steps, then(t − steps) afterwards.

    Parameters
    ----------
    steps : int, ≥ 1
        The first update already moves: its learning rate is then(0)/steps, not 0.
    then : Schedule

    Returns
    -------
    Schedule

    References
    ----------
    Goyal et al. (2017), arXiv:1706.02677, section 2.2 ("gradual warmup").

    Examples
    --------
    >>> [warmup(4, linear(2))(t) for t in range(7)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.0]
    """
    _checks.integer("steps", steps, low=1)
    if not isinstance(then, Schedule):
        _checks.fail("then", "a schedule", then, "such as cosine(100)", TypeError)

    def factor(t: int) -> float:
        return then.factor(0) * (t + 1) / steps if t < steps else then.factor(t - steps)

    return Schedule(f"warmup({steps}, {then!r})", factor, then.lr)


def one_cycle(
    steps: int, *, warm: float = 0.3, start: float = 1 / 25, end: float = 4e-6, lr: float = 1.0
) -> Schedule:
    """Rise along half a cosine, then fall along another one, far below the start.

    Parameters
    ----------
    steps : int, ≥ 2
        Length of the whole cycle; afterwards the learning rate stays at lr·end.
    warm : float in (0, 1), default 0.3
        Share of the steps spent rising.
    start, end : float in [0, 1], default 1/25 and 4e-6
        First and last value, as fractions of `lr`.
    lr : float, > 0, default 1
        Highest learning rate.

    Returns
    -------
    Schedule

    References
    ----------
    Smith and Topin (2018), arXiv:1708.07120; the shape is that of
    `torch.optim.lr_scheduler.OneCycleLR` with its defaults.

    Examples
    --------
    >>> [round(one_cycle(11, warm=0.5)(t), 3) for t in (0, 4, 10)]
    [0.04, 0.971, 0.0]
    """
    _checks.integer("steps", steps, low=2)
    _checks.number("warm", warm, low=0, high=1, open_low=True, open_high=True)
    _fraction("start", start)
    _fraction("end", end)
    top = warm * steps - 1
    if top <= 0:
        _checks.fail("warm", f"more than {1 / steps:g} for {steps} steps", warm)

    def factor(t: int) -> float:
        if t <= top:
            return _half_cosine(t / top, start, 1)
        return _half_cosine(min(1.0, (t - top) / (steps - 1 - top)), 1, end)

    return _make("one_cycle", factor, lr, steps=steps, warm=warm, start=start, end=end)


_DECAY_SHAPES = {
    "linear": lambda progress: 1 - progress,
    "sqrt": lambda progress: 1 - math.sqrt(progress),
}


def wsd(
    steps: int,
    *,
    warmup: int,
    decay: int,
    end: float = 0.0,
    shape: str = "linear",
    lr: float = 1.0,
) -> Schedule:
    """Warm-up, stable, decay: a plateau between a rise and a fall.

    Parameters
    ----------
    steps : int, ≥ 1
        Length of the whole; afterwards the learning rate stays at lr·end.
    warmup, decay : int, ≥ 0
        Steps of the rise and of the fall; together at most `steps`.
    end : float in [0, 1], default 0
        Last value, as a fraction of `lr`.
    shape : {"linear", "sqrt"}, default "linear"
        Of the fall: 1 − p or 1 − √p, where p goes from 0 to 1.
    lr : float, > 0, default 1

    Returns
    -------
    Schedule

    References
    ----------
    Hu et al. (2024), arXiv:2404.06395; Hägele et al. (2024), arXiv:2405.18392 (1 − √p).

    Examples
    --------
    >>> [wsd(8, warmup=2, decay=4)(t) for t in (0, 1, 2, 4, 6, 8)]
    [0.5, 1.0, 1.0, 1.0, 0.5, 0.0]
    """
    _checks.integer("steps", steps, low=1)
    _checks.integer("warmup", warmup, low=0, high=steps)
    _checks.integer("decay", decay, low=0, high=steps - warmup)
    _fraction("end", end)
    fall = _DECAY_SHAPES[_checks.one_of("shape", shape, _DECAY_SHAPES)]

    def factor(t: int) -> float:
        if t < warmup:
            return (t + 1) / warmup
        since = t - (steps - decay)
        if since < 0:
            return 1.0
        return end + (1 - end) * fall(min(1.0, since / decay) if decay else 1.0)

    return _make("wsd", factor, lr, steps=steps, warmup=warmup, decay=decay, end=end, shape=shape)


def reduce_on_plateau(
    losses: Sequence[float],
    *,
    gamma: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    lr: float = 1.0,
) -> float:
    """Learning rate after the given history: cut by `gamma` whenever the loss stops falling.

    The one rule here that looks at the losses, and so a function of them, not of the step.

    Parameters
    ----------
    losses : sequence of float
        One per epoch so far; may be empty. NaN and infinity are no improvement.
    gamma : float in (0, 1), default 0.1
    patience : int, ≥ 0, default 10
        Epochs without improvement that are borne before the cut.
    threshold : float in [0, 1), default 1e-4
        An improvement is a loss below best · (1 − threshold).
    lr : float, > 0, default 1

    Returns
    -------
    float
        Learning rate for the next epoch; as `torch.optim.lr_scheduler.ReduceLROnPlateau` with its
        other defaults, so that cuts by 1e-8 or less are left out.

    Examples
    --------
    >>> reduce_on_plateau([1.0, 0.9, 0.9, 0.9], patience=1, gamma=0.5)
    0.5
    """
    _checks.number("gamma", gamma, low=0, high=1, open_low=True, open_high=True)
    _checks.integer("patience", patience, low=0)
    _checks.number("threshold", threshold, low=0, high=1, open_high=True)
    _checks.number("lr", lr, low=0, open_low=True)
    best, bad = math.inf, 0
    for loss in _checks.sequence("losses", losses):
        if type(loss) is not float and (isinstance(loss, bool) or not isinstance(loss, Real)):
            _checks.fail("losses", "numbers", loss, error=TypeError)
        if loss < best * (1 - threshold):
            best, bad = float(loss), 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * gamma if lr - lr * gamma > SMALLEST_CUT else lr, 0
    return lr


class _ScheduleLR(LRScheduler):
    """Sets every group's lr to its initial lr times schedule(number of steps taken)."""

    def __init__(self, optimizer: torch.optim.Optimizer, schedule: Callable[[int], float]):
        self.schedule = schedule
        super().__init__(optimizer)

    def get_lr(self) -> list[float | Tensor]:
        return [base * self.schedule(self.last_epoch) for base in self.base_lrs]

    def state_dict(self) -> dict:
        return {key: v for key, v in super().state_dict().items() if key != "schedule"}


def as_torch(optimizer: torch.optim.Optimizer, schedule: Callable[[int], float]) -> LRScheduler:
    """Let a schedule drive a PyTorch optimizer: call `.step()` after each `optimizer.step()`.

    lr of every group at step t = its initial lr · schedule(t)

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
    schedule : callable step → factor
        A `Schedule`, or any function of the step.

    Returns
    -------
    torch.optim.lr_scheduler.LRScheduler
        Its `state_dict` holds the step count; give the same schedule again when you resume.

    Raises
    ------
    TypeError
        If `optimizer` is no optimizer or `schedule` cannot be called.

    Examples
    --------
    >>> w = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([w], lr=0.2)
    >>> scheduler = as_torch(optimizer, linear(4))
    >>> w.grad = torch.ones(1)
    >>> optimizer.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.15000000000000002]
    """
    if not isinstance(optimizer, torch.optim.Optimizer):
        _checks.fail("optimizer", "a torch.optim.Optimizer", optimizer, error=TypeError)
    _checks.function("schedule", schedule, "of the step")
    return _ScheduleLR(optimizer, schedule)
