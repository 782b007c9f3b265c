"""The engine behind `sweep`: many runs of one model, trained as one batched computation.

`train` is the whole of it. It asks a network of stacked weights for the losses and gradients of
all runs at once and hands them to an update rule. `Stacked` is the general such network: any
nn.Module, its forward pass mapped over the runs, its gradients from autograd. The networks in
`sgdcourse.layers` do the same by hand for stacks of linear layers; `network` chooses.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from sgdcourse import layers, rules
from sgdcourse._functional import as_function
from sgdcourse.jobs import Job, Result

__all__ = ["Network", "Stacked", "network", "train"]


@torch.no_grad()
def train(job: Job, tick: Callable[[], object] = lambda: None) -> Result:
    """Train all runs of a job and return what they recorded; `tick` is called after every step."""
    net, rule, result = network(job), rules.RULES[job.rule], Result.empty(job)
    hyper = [{k: net.align(v, p) for k, v in job.hyper.items()} for p in net.parameters]
    states: list[rules.State] = [{} for _ in net.parameters]
    for step, (order, start, stop) in enumerate(job.batches()):
        if start == 0:
            net.visit(order)
        if step in job.evaluations:
            result.evaluate(net.predict, job)
        lr = job.lr_at(step)
        losses, gradients = net.gradients(start, stop)
        result.loss[step] = losses
        for p, g, state, own in zip(net.parameters, gradients, states, hyper, strict=True):
            if g is not None:
                rule(p, g, state, lr=net.align(lr, p), **own)
        tick()
    result.evaluate(net.predict, job)
    result.weights = net.weights()
    return result


class Stacked:
    """Any module: vmap runs its forward pass for all runs, autograd finds the gradients.

    The runs do not mix, so the gradient of the sum of their losses holds each run's own gradient.
    Frozen parameters are each run's own too, and stay as they are. The module is a copy, since
    the jobs of other threads may be called at the same time.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        named = dict(job.model.named_parameters())
        pieces = job.weights.split([p.numel() for p in named.values()], dim=1)
        self.all = {
            name: piece.reshape(-1, *p.shape).clone().requires_grad_(p.requires_grad)
            for piece, (name, p) in zip(pieces, named.items(), strict=True)
        }
        self.parameters = [p for p in self.all.values() if p.requires_grad]
        output = as_function(copy.deepcopy(job.model))
        self.outputs = torch.vmap(output)
        self.outputs_of_same = torch.vmap(output, in_dims=(0, None))
        self.losses = torch.vmap(job.loss_function)

    def visit(self, order: Tensor) -> None:
        """Take the order of the examples in the coming epoch, one row a seed."""
        self.order = self.job.spread(order)

    def gradients(self, start: int, stop: int) -> tuple[Tensor, Sequence[Tensor | None]]:
        """Return every run's loss on its batch and its gradients; None where it has no part."""
        rows = self.order[:, start:stop]
        with torch.enable_grad():
            outputs = self.outputs(self.all, self.job.x[rows])
            losses = self.losses(outputs, self.job.y[rows])
            gradients = torch.autograd.grad(losses.sum(), self.parameters, allow_unused=True)
        return losses.detach(), gradients

    def predict(self, x: Tensor) -> Tensor:
        """Return every run's outputs for the same inputs."""
        return self.outputs_of_same(self.all, x)

    def align(self, value: Any, parameter: Tensor) -> Any:
        """Give one number per run the shape that broadcasts against a stacked parameter."""
        if not isinstance(value, Tensor):
            return value
        return value.view(-1, *[1] * (parameter.ndim - 1))

    def weights(self) -> Tensor:
        """Return the weights as one row a run."""
        return torch.cat([p.detach().flatten(1) for p in self.all.values()], dim=1)


Network = Stacked | layers.RunsFirst | layers.RunsLast


def network(job: Job) -> Network:
    """Choose the network for a job: by hand where `layers` can do it, else by autograd."""
    stack = layers.linear_stack(job)
    if stack is None:
        return Stacked(job)
    if not layers.is_thin(stack):
        return layers.RunsFirst(job, stack)
    return layers.OneReLU(job, stack) if layers.is_one_relu(stack) else layers.RunsLast(job, stack)
