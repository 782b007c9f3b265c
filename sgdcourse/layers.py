"""Networks of linear layers with the gradients written by hand: the engine's fast paths.

Both compute what `engine.Stacked` does, for stacks of linear layers with ReLU or tanh between
them and the loss "mse" or "cross_entropy"; a test holds all three equal. With the inputs h of a
layer, its outputs z = hW + b and the derivative of the loss δ = ∂L/∂z, the chain rule says

    ∂L/∂W = hᵀδ        ∂L/∂b = Σ δ over the batch        ∂L/∂h = δWᵀ

`RunsFirst` does this with one matrix product per run. For layers with a single input or output a
matrix product is mostly overhead: `RunsLast` multiplies and adds along the batch instead, with
the runs in the last dimension, where neighbours in memory are neighbours in the sum. `OneReLU`
saves some of these sums in the smallest nets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sgdcourse.jobs import Job

__all__ = [
    "OneReLU",
    "RunsFirst",
    "RunsLast",
    "is_one_relu",
    "is_thin",
    "linear_stack",
    "plain_modules",
]

ACTIVATIONS: dict[type, str] = {nn.ReLU: "relu", nn.Tanh: "tanh"}
THIN = 2  # inputs or outputs that a layer may have at most to count as thin

Columns = tuple[Tensor, tuple[Tensor, ...]]  # a tensor, and its columns

aten = torch.ops.aten


@dataclass(frozen=True)
class Layer:
    """One linear layer, and the activation that follows it."""

    inputs: int
    outputs: int
    activation: str | None


def plain_modules(model: nn.Module) -> list[nn.Module] | None:
    """Return the modules of a stack of linear layers with ReLU or tanh; None where it is more.

    Every layer has weights of its own, and all of them, at least one, are trained.
    """
    modules = list(model) if type(model) is nn.Sequential else [model]
    if any(type(module) is not nn.Linear and type(module) not in ACTIVATIONS for module in modules):
        return None
    if any(map(_is_altered, model.modules())):
        return None
    parameters = list(model.parameters())
    own = len(parameters) == sum(len(list(module.parameters())) for module in modules)
    trained = parameters and all(p.requires_grad for p in parameters)
    return modules if own and trained else None


def _is_altered(module: nn.Module) -> bool:
    """Say whether something was hung on this one module that its class does not do."""
    hooks = (module._forward_pre_hooks, module._forward_hooks)
    backward = (module._backward_pre_hooks, module._backward_hooks)
    return any(hooks) or any(backward) or "forward" in vars(module)


def linear_stack(job: Job) -> list[Layer] | None:
    """Describe the model as a stack of linear layers; None where it is, or asks for, more."""
    modules = plain_modules(job.model)
    if modules is None:
        return None
    stack: list[Layer] = []
    for module, following in zip(modules, [*modules[1:], None], strict=True):
        if isinstance(module, nn.Linear) and module.bias is not None:
            activation = ACTIVATIONS.get(type(following))
            stack.append(Layer(module.in_features, module.out_features, activation))
        elif isinstance(module, nn.Linear) or not stack or not isinstance(following, nn.Linear):
            return None
    return stack if stack and _fits(job, stack[-1].outputs) else None


def _fits(job: Job, outputs: int) -> bool:
    """Say whether data and loss are of the kind that is differentiated by hand."""
    if job.x.ndim != 2:
        return False
    regression = job.loss == "mse" and job.y.shape == (len(job.x), outputs)
    return regression or (job.loss == "cross_entropy" and job.y.dtype == torch.int64)


def is_thin(stack: Sequence[Layer]) -> bool:
    """Say whether every layer has so few inputs or outputs that `RunsLast` pays."""
    return all(min(layer.inputs, layer.outputs) <= THIN for layer in stack)


def is_one_relu(stack: Sequence[Layer]) -> bool:
    """Say whether the stack is one hidden ReLU layer and a single output, as `OneReLU` needs."""
    return len(stack) == 2 and stack[0].activation == "relu" and stack[1].outputs == 1


def loss_and_delta(loss: str, z: Tensor, y: Tensor, batch: int, outputs: int) -> tuple:
    """Return each run's mean loss and its derivative by the outputs z, which may be overwritten.

    `batch` and `outputs` are the dimensions of z that count examples and outputs.
    """
    if loss == "mse":
        count = z.shape[batch] * z.shape[outputs]
        delta = z.sub_(y)
        return (delta * delta).mean((batch, outputs)), delta.mul_(2 / count)
    index = y.unsqueeze(outputs)
    z.sub_(z.amax(outputs, keepdim=True))
    right = z.gather(outputs, index)
    total = z.exp_().sum(outputs, keepdim=True)
    losses = (total.log() - right).squeeze(outputs)
    delta = z.div_(total).scatter_add_(outputs, index, right.fill_(-1.0))
    mean_over = batch - (outputs < batch)
    return losses.mean(mean_over), delta.div_(z.shape[batch])


class RunsFirst:
    """A stack of linear layers as batched matrix products; values are (runs, features, batch).

    The batch comes last because it is wide where a layer is often narrow (ten classes): sums and
    products along a long last dimension are several times as fast.
    """

    def __init__(self, job: Job, stack: list[Layer]) -> None:
        self.job, self.stack = job, stack
        self.parameters: list[Tensor] = []
        sizes = [n for layer in stack for n in (layer.outputs * layer.inputs, layer.outputs)]
        pieces = job.weights.split(sizes, dim=1)
        for layer, weight, bias in zip(stack, pieces[::2], pieces[1::2], strict=True):
            shaped = weight.reshape(-1, layer.outputs, layer.inputs)
            self.parameters += [shaped.clone(), bias.unsqueeze(2).clone()]
        self.slopes = [torch.empty_like(p) for p in self.parameters]
        self.buffers: dict[tuple[str, int, int], Tensor] = {}

    def visit(self, order: Tensor) -> None:
        """Take the order of the examples in the coming epoch, one row a seed."""
        self.order = self.job.spread(order)

    def gradients(self, start: int, stop: int) -> tuple[Tensor, Sequence[Tensor]]:
        """Return every run's loss on its batch and the gradients of it."""
        rows = self.order[:, start:stop]
        x, y = self._inputs(rows), self.job.y[rows]
        values = self._forward(x.transpose(1, 2))
        y = y if self.job.loss == "cross_entropy" else y.transpose(1, 2)
        losses, delta = loss_and_delta(str(self.job.loss), values[-1], y, 2, 1)
        for i in reversed(range(len(self.stack))):
            torch.bmm(delta, values[i].transpose(1, 2), out=self.slopes[2 * i])
            torch.sum(delta, 2, keepdim=True, out=self.slopes[2 * i + 1])
            if i:
                back = self._room(f"delta {i}", self.stack[i].inputs, len(rows[0]))
                delta = torch.bmm(self.parameters[2 * i].transpose(1, 2), delta, out=back)
                _through(self.stack[i - 1].activation, delta, values[i])
        return losses, self.slopes

    def _inputs(self, rows: Tensor) -> Tensor:
        """Return x[rows], several times as fast, above all since it takes no new memory."""
        room = self._room("inputs", rows.shape[1], self.job.x.shape[1])
        torch.index_select(self.job.x, 0, rows.reshape(-1), out=room.flatten(0, 1))
        return room

    def _forward(self, x: Tensor) -> list[Tensor]:
        """Return the inputs of every layer, and the outputs of the last.

        Inputs of two dimensions are the same for all runs: one product, then, for all of them.
        """
        values = [x]
        for i, layer in enumerate(self.stack):
            weight, bias = self.parameters[2 * i : 2 * i + 2]
            room = self._room(f"layer {i}", layer.outputs, x.shape[-1])
            if values[-1].ndim == 2:
                torch.mm(weight.flatten(0, 1), x, out=room.flatten(0, 1))
            else:
                torch.bmm(weight, values[-1], out=room)
            values.append(_activate(layer.activation, room.add_(bias)))
        return values

    def _room(self, name: str, width: int, batch: int) -> Tensor:
        """Return a buffer of shape (runs, width, batch), made once for all steps."""
        key = (name, width, batch)
        if key not in self.buffers:
            self.buffers[key] = self.slopes[0].new_empty(self.slopes[0].shape[0], width, batch)
        return self.buffers[key]

    def predict(self, x: Tensor) -> Tensor:
        """Return every run's outputs for the same inputs."""
        return self._forward(x.T)[-1].transpose(1, 2)

    def align(self, value: Any, parameter: Tensor) -> Any:
        """Give one number per run the shape that broadcasts against a stacked parameter."""
        return value.view(-1, 1, 1) if isinstance(value, Tensor) else value

    def weights(self) -> Tensor:
        """Return the weights as one row a run."""
        return torch.cat([p.flatten(1) for p in self.parameters], dim=1)


@dataclass(frozen=True)
class Matrix:
    """A weight of shape (outputs, inputs, runs) as its rows and its columns."""

    rows: tuple[Tensor, ...]
    columns: tuple[Tensor, ...]


class RunsLast:
    """A stack of thin linear layers as element-wise sums and products; the run comes last.

    Values are kept whole, (batch, features, runs), and as their columns, (batch, 1, runs) each:
    views that are made once, since on small nets making one costs as much as a sum.
    """

    def __init__(self, job: Job, stack: list[Layer]) -> None:
        self.job, self.stack = job, stack
        flat = job.weights.T.contiguous()
        slope = torch.empty_like(flat)
        self.parameters, self.slopes = [flat], [slope]
        self.views, self.slope_views = self._layers(flat), self._layers(slope)
        self.buffers: dict[tuple[str, int, int], Columns] = {}

    def _layers(self, flat: Tensor) -> list[tuple[Matrix, Tensor]]:
        """Return weight, as its rows and columns, and bias (outputs, runs) of every layer."""
        sizes = [n for layer in self.stack for n in (layer.outputs * layer.inputs, layer.outputs)]
        pieces = flat.split(sizes)
        return [
            (_matrix(weight.view(layer.outputs, layer.inputs, -1)), bias)
            for layer, weight, bias in zip(self.stack, pieces[::2], pieces[1::2], strict=True)
        ]

    def visit(self, order: Tensor) -> None:
        """Take the order of the examples in the coming epoch, one row a seed."""
        if len(order) > 1:
            order = self.job.spread(order)
        runs, n = order.shape
        rows, size = order.T.reshape(-1), self.job.batch_size
        self.x, self.y = (
            _picked(table, rows, (n, 1, runs)).split(size)  # batches
            for table in (self.job.x, self.job.y.view(n, -1))
        )

    def gradients(self, start: int, stop: int) -> tuple[Tensor, Sequence[Tensor]]:
        """Return every run's loss on its batch and the gradients of it."""
        batch = start // self.job.batch_size
        y, values = self.y[batch], self._forward(self.x[batch])
        outputs, columns = values[-1]
        if self.job.loss == "cross_entropy":
            y = y.squeeze(1).expand(len(y), outputs.shape[-1])
        losses, whole = loss_and_delta(str(self.job.loss), outputs, y, 0, 1)
        self._backward((whole, columns), values)  # the outputs' memory now holds their derivative
        return losses, self.slopes

    def _backward(self, delta: Columns, values: list[Columns]) -> None:
        """Write the gradients, given the derivative by the outputs and every layer's inputs."""
        for i in reversed(range(len(self.stack))):
            weight, bias = self.slope_views[i]
            torch.sum(delta[0], 0, out=bias)
            self._outer(delta, values[i], weight)
            if i:
                back = self._room(f"delta {i}", len(delta[0]), self.stack[i].inputs)
                weight = self.views[i][0]
                self._contract(delta, Matrix(weight.columns, weight.rows), None, back)
                _through(self.stack[i - 1].activation, back[0], values[i][0])
                delta = back

    def _forward(self, x: Tensor) -> list[Columns]:
        """Return the inputs of every layer, and the outputs of the last."""
        values: list[Columns] = [(x, x.split(1, 1) if x.shape[1] > 1 else (x,))]
        for i, (layer, (weight, bias)) in enumerate(zip(self.stack, self.views, strict=True)):
            room = self._room(f"layer {i}", x.shape[0], layer.outputs)
            self._contract(values[-1], weight, bias, room)
            _activate(layer.activation, room[0])
            values.append(room)
        return values

    def _room(self, name: str, batch: int, width: int) -> Columns:
        """Return a buffer of shape (batch, width, runs) and its columns, made once."""
        key = (name, batch, width)
        if key not in self.buffers:
            whole = self.slopes[0].new_empty(batch, width, self.slopes[0].shape[1])
            self.buffers[key] = whole, whole.split(1, 1)
        return self.buffers[key]

    def _contract(self, h: Columns, weight: Matrix, bias: Tensor | None, out: Columns) -> None:
        """Write Σᵢ h[:, i] · weight[:, i] + bias to out, of shape (batch, outputs, runs)."""
        if len(weight.columns) > len(weight.rows):
            product, _ = self._room("product", h[0].shape[0], len(weight.columns))
            for row, target in zip(weight.rows, out[1], strict=True):
                torch.sum(torch.mul(h[0], row, out=product), 1, keepdim=True, out=target)
            if bias is not None:
                out[0].add_(bias)
            return
        if bias is None:
            torch.mul(h[1][0], weight.columns[0], out=out[0])
        else:
            torch.addcmul(bias, h[1][0], weight.columns[0], out=out[0])
        for value, column in zip(h[1][1:], weight.columns[1:], strict=True):
            out[0].addcmul_(value, column)

    def _outer(self, delta: Columns, h: Columns, out: Matrix) -> None:
        """Write Σ over the batch of delta[:, o] · h[:, i] to out, (outputs, inputs, runs)."""
        by_row = len(out.columns) > len(out.rows)
        width = max(len(out.columns), len(out.rows))
        product, _ = self._room("product", delta[0].shape[0], width)
        whole, single, targets = (h, delta, out.rows) if by_row else (delta, h, out.columns)
        for column, target in zip(single[1], targets, strict=True):
            torch.sum(torch.mul(whole[0], column, out=product), 0, out=target)

    def predict(self, x: Tensor) -> Tensor:
        """Return every run's outputs for the same inputs."""
        return self._forward(x.unsqueeze(-1))[-1][0].permute(2, 0, 1)

    def align(self, value: Any, parameter: Tensor) -> Any:
        """Leave one number per run as it is: it broadcasts along the last dimension."""
        return value

    def weights(self) -> Tensor:
        """Return the weights as one row a run."""
        return self.parameters[0].T.contiguous()


class OneReLU(RunsLast):
    """One hidden ReLU layer with a single output, the course's first net, in half the sums.

    Where a unit's gate is open (Wx + b > 0) its output h is Wx + b, elsewhere it is 0. With the
    weights v of the output and the derivative m = δ·[Wx + b > 0] that the open gates let through,
    all gradients follow from two sums over the batch, A = Σ m xᵀ and a = Σ m:

        ∂L/∂W = v A        ∂L/∂b = v a        ∂L/∂v = Σ δ h = Σ over the inputs of W A, + b a
    """

    def _backward(self, delta: Columns, values: list[Columns]) -> None:
        (slope, bias_slope), (out_slope, out_bias_slope) = self.slope_views
        (weight, bias), (out_weight, _) = self.views
        torch.sum(delta[0], 0, out=out_bias_slope)
        gates = values[1][0]  # the hidden outputs' memory now holds m
        aten.threshold_backward.grad_input(delta[0], gates, 0.0, grad_input=gates)
        torch.sum(gates, 0, out=bias_slope)
        for k, x in reversed(list(enumerate(values[0][1]))):  # the first input last, in place
            room = self._room("product", *gates.shape[:2])[0] if k else gates
            torch.sum(torch.mul(gates, x, out=room), 0, out=slope.columns[k])
        total, v = out_slope.rows[0], out_weight.rows[0]
        torch.mul(bias, bias_slope, out=total)
        bias_slope.mul_(v)
        for column, own in zip(slope.columns, weight.columns, strict=True):
            total.addcmul_(own, column)
            column.mul_(v)


def _picked(table: Tensor, rows: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Return rows of a narrow table, each column in that shape, side by side in dimension 1."""
    columns = [column.index_select(0, rows).view(shape) for column in table.T]
    return torch.cat(columns, 1) if len(columns) > 1 else columns[0]


def _matrix(weight: Tensor) -> Matrix:
    return Matrix(weight.unbind(0), weight.unbind(1))


def _activate(activation: str | None, z: Tensor) -> Tensor:
    """Apply an activation in place."""
    if activation is None:
        return z
    return z.relu_() if activation == "relu" else z.tanh_()


def _through(activation: str | None, delta: Tensor, h: Tensor) -> None:
    """Take a derivative back through an activation with the outputs h, in place."""
    if activation == "relu":
        aten.threshold_backward.grad_input(delta, h, 0.0, grad_input=delta)
    elif activation == "tanh":
        aten.tanh_backward.grad_input(delta, h, grad_input=delta)
