"""Exercises of chapter 6: training a real classifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from sgdcourse.exercises.draws import vector, whole
from sgdcourse.exercises.model import Exercise

__all__ = ["EXERCISES"]


def _logit_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases = []
    for n, classes, size in ((3, 4, 1), (5, 3, 2), (4, 10, 1), (3, 4, 100)):
        logits = size * vector(g, n, classes)
        cases.append((logits, torch.randint(0, classes, (n,), generator=g)))
    return cases


def _naive(logits: Tensor, targets: Tensor) -> Tensor:
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    return -p[torch.arange(len(targets)), targets].log().mean()


CROSS_ENTROPY = Exercise(
    name="cross_entropy",
    truth=lambda logits, targets: functional.cross_entropy(logits.double(), targets),
    cases=_logit_cases,
    slips={
        "softmax before cross-entropy": lambda logits, targets: functional.cross_entropy(
            logits.double().softmax(1), targets
        ),
        "sum instead of mean": lambda logits, targets: functional.cross_entropy(
            logits.double(), targets, reduction="sum"
        ),
        "softmax over the batch": lambda logits, targets: (
            -logits.double().log_softmax(0)[torch.arange(len(targets)), targets].mean()
        ),
        "overflow": (_naive, lambda logits, targets: _naive(logits, targets).nan_to_num(torch.inf)),
        "every row with every target": lambda logits, targets: (
            -logits.double().log_softmax(1)[:, targets].mean()
        ),
        "mean over all classes": lambda logits, targets: (
            functional.cross_entropy(logits.double(), targets) / logits.shape[1]
        ),
    },
)


def _accuracy_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases = []
    for sizes in ((4, 4, 1), (6, 6, 2), (5, 5, 5, 3)):
        logits = [vector(g, n, 3, digits=2) for n in sizes]
        targets = [torch.randint(0, 3, (n,), generator=g) for n in sizes]
        targets[0] = logits[0].argmax(1)
        cases.append((logits, targets))
    return cases


def _hits(logits: list[Tensor], targets: list[Tensor]) -> list[float]:
    return [float((a.argmax(1) == b).sum()) for a, b in zip(logits, targets, strict=True)]


def _total(logits: list[Tensor], targets: list[Tensor]) -> float:
    return sum(_hits(logits, targets)) / sum(map(len, targets))


ACCURACY = Exercise(
    name="epoch_accuracy",
    truth=_total,
    cases=_accuracy_cases,
    slips={
        "mean of unequal means": lambda logits, targets: (
            sum(h / len(b) for h, b in zip(_hits(logits, targets), targets, strict=True))
            / len(targets)
        ),
        "per cent": lambda logits, targets: 100 * _total(logits, targets),
        "count instead of fraction": lambda logits, targets: sum(_hits(logits, targets)),
        "last batch only": lambda logits, targets: _hits(logits, targets)[-1] / len(targets[-1]),
        "divided by the number of batches": lambda logits, targets: (
            sum(_hits(logits, targets)) / len(targets)
        ),
    },
)


def _train_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases = []
    for momentum in (0.0, 0.9):
        model = nn.Linear(3, 2)
        model.load_state_dict({"weight": vector(g, 2, 3), "bias": vector(g, 2)})
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
        x, y = vector(g, 4, 3), torch.randint(0, 2, (4,), generator=g)
        cases.append((model, optimizer, nn.CrossEntropyLoss(), x, y))
    return cases


def _three_steps(
    answer: Callable[..., Any], model: nn.Module, optimizer: Any, loss: Any, x: Tensor, y: Tensor
) -> Any:
    """Call the reader's step thrice; return losses, final weights and whether a graph is kept."""
    before = [p.detach().clone() for p in model.parameters()]
    passes: list[Tensor] = []
    next(model.parameters()).register_hook(lambda grad: passes.append(grad))
    losses = [answer(model, optimizer, loss, x, y) for _ in range(3)]
    if any(value is ... for value in losses):
        return ...
    if all(map(torch.equal, before, model.parameters())):
        return _why_still(model, passes)
    kept = any(isinstance(value, Tensor) and value.requires_grad for value in losses)
    return [*losses, *model.parameters(), "graph kept" if kept else "no graph kept"]


def _why_still(model: nn.Module, passes: list[Tensor]) -> str:
    """Say why the weights did not move."""
    if not passes:
        return "no backward"
    left = any(p.grad is not None and bool(p.grad.any()) for p in model.parameters())
    return "no step" if left else "gradients cleared"


def _step_in_order(words: str, *, keep: bool = False) -> Callable[..., Any]:
    """Return a training step that does what `words` say, in that order; may keep the graph."""

    def step(model: nn.Module, optimizer: Any, loss_fn: Any, x: Tensor, y: Tensor) -> Any:
        loss = loss_fn(model(x), y)
        act = {"zero": optimizer.zero_grad, "back": loss.backward, "step": optimizer.step}
        for word in words.split():
            act[word]()
        return loss if keep else loss.item()

    return step


def _loss_afterwards(model: nn.Module, optimizer: Any, loss_fn: Any, x: Tensor, y: Tensor) -> Any:
    _step_in_order("zero back step")(model, optimizer, loss_fn, x, y)
    return loss_fn(model(x), y).item()


TRAIN_STEP = Exercise(
    name="train_step",
    truth=_step_in_order("zero back step"),
    cases=_train_cases,
    run=_three_steps,
    slips={
        "gradients never cleared": (
            _step_in_order("back step"),
            _step_in_order("back step", keep=True),
        ),
        "cleared between backward and step": _step_in_order("back zero step"),
        "backward missing": _step_in_order("zero step"),
        "step before backward": (
            _step_in_order("step zero back"),
            _step_in_order("step zero back", keep=True),
        ),
        "step missing": _step_in_order("zero back"),
        "graph kept": _step_in_order("zero back step", keep=True),
        "loss after the step": _loss_afterwards,
    },
)


def _stop_cases(g: Generator) -> list[tuple[Any, ...]]:
    curve = [1.0, 0.8, 0.9, 0.7, 0.75, 0.72, 0.71, 0.9, 0.6, 0.65]
    return [(curve, 3), (curve, 2), ([1.0, 0.9, 0.9, 0.8], 1), (curve, 1), (curve, 5)]


def _stop(
    better: Callable[[list[float], int], bool], *, late: int = 0, reset: bool = True
) -> Callable[[list[float], int], int]:
    """Return the epoch at which `patience + late` epochs without `better` have passed."""

    def stop(losses: list[float], patience: int) -> int:
        waited = 0
        for epoch in range(1, len(losses)):
            good = better(losses, epoch)
            waited = (0 if reset else waited) if good else waited + 1
            if waited == patience + late:
                return epoch
        return len(losses) - 1

    return stop


def _new_best(losses: list[float], epoch: int) -> bool:
    return losses[epoch] < min(losses[:epoch])


EARLY_STOPPING = Exercise(
    name="last_epoch",
    truth=_stop(_new_best),
    cases=_stop_cases,
    slips={
        "compared with the epoch before": _stop(
            lambda losses, epoch: losses[epoch] < losses[epoch - 1]
        ),
        "one epoch late": _stop(_new_best, late=1),
        "best epoch": lambda losses, patience: losses.index(
            min(losses[: _stop(_new_best)(losses, patience) + 1])
        ),
        "wait never reset": _stop(_new_best, reset=False),
        "equal counted as lower": _stop(lambda losses, epoch: losses[epoch] <= min(losses[:epoch])),
        "best never updated": _stop(lambda losses, epoch: losses[epoch] < losses[0]),
        "first epoch counted": lambda losses, patience: (
            0 if patience == 1 else _stop(_new_best)(losses, patience)
        ),
        "count instead of index": lambda losses, patience: _stop(_new_best)(losses, patience) + 1,
    },
)

_NEEDED = frozenset({"weights", "momentum buffers", "step", "generator state"})

CHECKPOINT = Exercise(
    name="checkpoint",
    truth=_NEEDED,
    remark="With these four the resumed run is equal to the last bit.",
    slips={
        "weights only": {"weights"},
        "optimizer state forgotten": _NEEDED - {"momentum buffers"},
        "order of examples forgotten": _NEEDED - {"generator state"},
        "place in the schedule forgotten": _NEEDED - {"step"},
        "gradients kept": _NEEDED | {"gradients"},
    },
)


def _sweep_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases: list[tuple[Any, ...]] = []
    for n in (4, 5, 4):
        lrs = torch.logspace(-2, 0, n)
        accuracy = 0.8 + 0.1 * torch.rand(n, 5, generator=g)
        accuracy[-2] += 0.05  # the best by the median, although one run diverges
        accuracy[-2, whole(g, 0, 4)] = torch.nan
        accuracy[-1] = torch.tensor([torch.nan, 0.999, torch.nan, torch.nan, 0.999])
        accuracy[2] += 0.03  # of five the best without a diverged run
        accuracy[0] -= 0.1
        accuracy[n - 4, whole(g, 1, 4)] = 0.9999  # a lucky seed
        accuracy[0, 0] = torch.nan if cases else 0.5
        cases.append((lrs, accuracy.mul(1000).round().div(1000)))
    return cases


def _counted(accuracy: Tensor) -> Tensor:
    return torch.nan_to_num(accuracy, nan=0.0)


CHOOSE_LR = Exercise(
    name="choose_lr",
    truth=lambda lrs, accuracy: lrs[_counted(accuracy).median(1).values.argmax()],
    cases=_sweep_cases,
    slips={
        "best single run": lambda lrs, accuracy: lrs[_counted(accuracy).max(1).values.argmax()],
        "mean instead of median": lambda lrs, accuracy: lrs[_counted(accuracy).mean(1).argmax()],
        "diverged runs left out": lambda lrs, accuracy: lrs[accuracy.nanmedian(1).values.argmax()],
        "learning rates left out": lambda lrs, accuracy: lrs[
            accuracy.median(1).values.nan_to_num(nan=0.0).argmax()
        ],
        "NaN taken for the largest": lambda lrs, accuracy: lrs[accuracy.mean(1).argmax()],
        "accuracy instead of lr": lambda lrs, accuracy: _counted(accuracy).median(1).values.max(),
        "place instead of lr": lambda lrs, accuracy: _counted(accuracy).median(1).values.argmax(),
    },
)

EXERCISES = (CROSS_ENTROPY, ACCURACY, TRAIN_STEP, EARLY_STOPPING, CHECKPOINT, CHOOSE_LR)
