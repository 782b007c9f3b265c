"""Closed forms that the chapters hold their measurements against, each with its source.

Everywhere η is `lr`, μ is `momentum`, λ is `curvature` (an eigenvalue of the Hessian) and σ² is
`noise_variance` (variance of one coordinate of the stochastic gradient). A number goes in and a
float comes out; a tensor goes in and a float64 tensor comes out.

`descent` holds gradient descent without noise, `momentum` the heavy ball and Nesterov's method,
`optimum` their best settings, `noise` what a constant step leaves over, `convergence` how to get
rid of it, `batches` the price of a batch, `conventions` how libraries write momentum.
"""

from __future__ import annotations

from sgdcourse.theory.batches import (
    allreduce_time,
    batch_variance,
    best_lr_for_batch,
    communication_time,
    examples_to_target,
    noise_scale,
    steps_to_target,
)
from sgdcourse.theory.conventions import convert_momentum, effective_lr, keras_momentum
from sgdcourse.theory.convergence import (
    averaged_variance,
    decaying_variance,
    ema_variance,
    interpolation_factor,
)
from sgdcourse.theory.descent import (
    gd_factor,
    gd_rate,
    gd_stability_limit,
    saddle_escape_steps,
    smooth_bound,
    steps_to,
)
from sgdcourse.theory.momentum import (
    critical_momentum,
    damping,
    momentum_rate,
    momentum_roots,
    momentum_stability_limit,
)
from sgdcourse.theory.noise import expected_loss, stationary_loss, stationary_variance
from sgdcourse.theory.optimum import Optimum, gd_optimum, momentum_optimum, nesterov_optimum

__all__ = [
    "Optimum",
    "allreduce_time",
    "averaged_variance",
    "batch_variance",
    "best_lr_for_batch",
    "communication_time",
    "convert_momentum",
    "critical_momentum",
    "damping",
    "decaying_variance",
    "effective_lr",
    "ema_variance",
    "examples_to_target",
    "expected_loss",
    "gd_factor",
    "gd_optimum",
    "gd_rate",
    "gd_stability_limit",
    "interpolation_factor",
    "keras_momentum",
    "momentum_optimum",
    "momentum_rate",
    "momentum_roots",
    "momentum_stability_limit",
    "nesterov_optimum",
    "noise_scale",
    "saddle_escape_steps",
    "smooth_bound",
    "stationary_loss",
    "stationary_variance",
    "steps_to",
    "steps_to_target",
]
