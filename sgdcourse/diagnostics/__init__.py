"""Instruments: what the gradient, the curvature and the landscape of a real model look like.

All take a model, `data` as a pair (x, y) of tensors, and a loss: "mse", "cross_entropy" or a
callable (output, y) → mean over the examples. Nothing here changes the model.

`gradients` measures gradient noise, `curvature` Hessian and sharpness, `landscape` cuts slices,
`ranges` tries learning rates, `curves` reads numbers off loss curves.
"""

from __future__ import annotations

from sgdcourse.diagnostics.curvature import (
    finite_difference,
    gradient_check,
    hessian,
    hessian_vector_product,
    sharpness,
)
from sgdcourse.diagnostics.curves import (
    Hyperbola,
    PowerLaw,
    first_below,
    fit_hyperbola,
    fit_power_law,
    measure_rate,
)
from sgdcourse.diagnostics.gradients import (
    GradientNoise,
    estimate_noise_scale,
    example_gradients,
    gradient,
    gradient_noise,
    noise_during_training,
)
from sgdcourse.diagnostics.landscape import (
    Trajectory,
    loss_slice,
    random_direction,
    trajectory_pca,
)
from sgdcourse.diagnostics.parameters import flat_parameters, load_flat_parameters
from sgdcourse.diagnostics.ranges import lr_range_test

__all__ = [
    "GradientNoise",
    "Hyperbola",
    "PowerLaw",
    "Trajectory",
    "estimate_noise_scale",
    "example_gradients",
    "finite_difference",
    "first_below",
    "fit_hyperbola",
    "fit_power_law",
    "flat_parameters",
    "gradient",
    "gradient_check",
    "gradient_noise",
    "hessian",
    "hessian_vector_product",
    "load_flat_parameters",
    "loss_slice",
    "lr_range_test",
    "measure_rate",
    "noise_during_training",
    "random_direction",
    "sharpness",
    "trajectory_pca",
]
