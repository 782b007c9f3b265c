"""The price of a batch: variance, noise scale, steps and examples to a target, messages."""

from __future__ import annotations

from torch import Tensor

from sgdcourse import _checks
from sgdcourse.theory._arguments import Value, answer, positive, real

__all__ = [
    "allreduce_time",
    "batch_variance",
    "best_lr_for_batch",
    "communication_time",
    "examples_to_target",
    "noise_scale",
    "steps_to_target",
]


def batch_variance(variance: Value, batch_size: Value, *, n: int | None = None) -> Value:
    """Variance of the mean gradient of a random batch.

    σ²/B with replacement; σ²/B · (N − B)/(N − 1) without, where a full batch has no variance.

    Parameters
    ----------
    variance : float or Tensor, ≥ 0
        σ², variance of the gradient of one example: mean square distance to the full gradient,
        divided by N, not by N − 1.
    batch_size : int or Tensor, ≥ 1
        B, examples in a batch.
    n : int, ≥ 2, optional
        N, number of examples, if they are drawn without replacement. Default: with replacement.

    Returns
    -------
    float or Tensor
        Variance of the batch gradient.

    Raises
    ------
    ValueError
        If a batch is larger than `n`, or an argument out of range.

    References
    ----------
    Cochran (1977), Sampling Techniques, third edition, theorem 2.2.

    Examples
    --------
    >>> batch_variance(8.0, 4), batch_variance(8.0, 4, n=8)
    (2.0, 1.1428571428571428)
    """
    sigma2 = real("variance", variance, low=0)
    size = real("batch_size", batch_size, low=1)
    if n is None:
        return answer(sigma2 / size, variance, batch_size)
    total = _checks.integer("n", n, low=2)
    real("batch_size", batch_size, high=total, hint="a batch cannot exceed the data")
    return answer(sigma2 / size * (total - size) / (total - 1), variance, batch_size)


def noise_scale(covariance_trace: Value, gradient_norm: Value) -> Value:
    """Gradient noise scale: the batch size at which noise and signal are equal.

    B = tr(Σ)/‖G‖².

    Parameters
    ----------
    covariance_trace : float or Tensor, ≥ 0
        tr(Σ), summed variance of all coordinates of one example's gradient.
    gradient_norm : float or Tensor, > 0
        ‖G‖, Euclidean norm of the full gradient.

    Returns
    -------
    float or Tensor
        The noise scale, in examples.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    McCandlish, Kaplan, Amodei (2018), arXiv:1812.06162, equation 2.9.

    Examples
    --------
    >>> noise_scale(40.0, 2.0)
    10.0
    """
    trace, norm = real("covariance_trace", covariance_trace, low=0), gradient_norm
    return answer(trace / positive("gradient_norm", norm) ** 2, covariance_trace, gradient_norm)


def best_lr_for_batch(largest_lr: Value, batch_size: Value, *, noise_scale: Value) -> Value:
    """Step size that lowers the loss most in one noisy step with a batch of B.

    η(B) = ηmax / (1 + 𝓑/B): proportional to B for small batches, then flat.

    Parameters
    ----------
    largest_lr : float or Tensor, > 0
        ηmax, best step size without noise.
    batch_size : int or Tensor, ≥ 1
        B, examples in a batch.
    noise_scale : float or Tensor, ≥ 0
        𝓑, the gradient noise scale (with the Hessian's weighting where it is not round).

    Returns
    -------
    float or Tensor
        η(B); half of ηmax at B = 𝓑.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    McCandlish, Kaplan, Amodei (2018), arXiv:1812.06162, equation 2.6.

    Examples
    --------
    >>> best_lr_for_batch(1.0, 10, noise_scale=10.0)
    0.5
    """
    top, size = positive("largest_lr", largest_lr), real("batch_size", batch_size, low=1)
    scale = real("noise_scale", noise_scale, low=0)
    return answer(top / (1 + scale / size), largest_lr, batch_size, noise_scale)


def steps_to_target(batch_size: Value, *, min_steps: Value, min_examples: Value) -> Value:
    """Count the steps to a target loss as the batch grows, each batch size with its own best lr.

    S = Smin(1 + 𝓑/B) with 𝓑 = Emin/Smin; it solves (S/Smin − 1)(E/Emin − 1) = 1 for E = BS.

    Parameters
    ----------
    batch_size : int or Tensor, ≥ 1
        B, examples in a batch.
    min_steps : float or Tensor, > 0
        Smin, steps that even the largest batch needs.
    min_examples : float or Tensor, > 0
        Emin, examples that even the smallest batch needs.

    Returns
    -------
    float or Tensor
        S, number of steps.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    McCandlish, Kaplan, Amodei (2018), arXiv:1812.06162, equation 2.11.

    Examples
    --------
    >>> steps_to_target(10, min_steps=100.0, min_examples=1000.0)
    200.0
    """
    size = real("batch_size", batch_size, low=1)
    steps, examples = positive("min_steps", min_steps), positive("min_examples", min_examples)
    return answer(steps + examples / size, batch_size, min_steps, min_examples)


def examples_to_target(batch_size: Value, *, min_steps: Value, min_examples: Value) -> Value:
    """Count the examples to a target loss as the batch grows, each batch size with its own best lr.

    E = Emin(1 + B/𝓑) with 𝓑 = Emin/Smin; it solves (S/Smin − 1)(E/Emin − 1) = 1 for E = BS.

    Parameters
    ----------
    batch_size : int or Tensor, ≥ 1
        B, examples in a batch.
    min_steps : float or Tensor, > 0
        Smin, steps that even the largest batch needs.
    min_examples : float or Tensor, > 0
        Emin, examples that even the smallest batch needs.

    Returns
    -------
    float or Tensor
        E, number of examples.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    McCandlish, Kaplan, Amodei (2018), arXiv:1812.06162, equation 2.11.

    Examples
    --------
    >>> examples_to_target(10, min_steps=100.0, min_examples=1000.0)
    2000.0
    """
    size = real("batch_size", batch_size, low=1)
    steps, examples = positive("min_steps", min_steps), positive("min_examples", min_examples)
    return answer(examples + steps * size, batch_size, min_steps, min_examples)


def communication_time(n_bytes: Value, *, latency: Value, bandwidth: Value) -> Value:
    """Time to send one message.

    T = α + m/β: a fixed latency α plus m bytes at β bytes per second.

    Parameters
    ----------
    n_bytes : float or Tensor, ≥ 0
        m, bytes sent.
    latency : float or Tensor, seconds, ≥ 0
        α, time of an empty message.
    bandwidth : float or Tensor, bytes per second, > 0
        β.

    Returns
    -------
    float or Tensor
        Seconds.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Hockney (1994), Parallel Computing 20(3):389, equation 1.

    Examples
    --------
    >>> communication_time(4e6, latency=0.001, bandwidth=1e9)
    0.005
    """
    message, alpha = real("n_bytes", n_bytes, low=0), real("latency", latency, low=0)
    return answer(alpha + message / positive("bandwidth", bandwidth), n_bytes, latency, bandwidth)


def allreduce_time(
    n_bytes: Value, *, workers: int | Tensor, latency: Value, bandwidth: Value
) -> Value:
    """Time of a ring all-reduce, which leaves the summed gradient on every worker.

    T = 2(p − 1)α + 2(p − 1)/p · m/β: each worker sends 2(p − 1) pieces of m/p bytes.

    Parameters
    ----------
    n_bytes : float or Tensor, ≥ 0
        m, bytes of the gradient.
    workers : int or Tensor, ≥ 1
        p, number of workers.
    latency : float or Tensor, seconds, ≥ 0
        α, time of an empty message.
    bandwidth : float or Tensor, bytes per second, > 0
        β, of one link.

    Returns
    -------
    float or Tensor
        Seconds; 0 for one worker.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Thakur, Rabenseifner, Gropp (2005), Int. J. High Perf. Comp. Appl. 19(1):49, section 4.

    Examples
    --------
    >>> allreduce_time(4e6, workers=8, latency=0.001, bandwidth=1e9)
    0.021
    """
    message, p = real("n_bytes", n_bytes, low=0), real("workers", workers, low=1)
    alpha, beta = real("latency", latency, low=0), positive("bandwidth", bandwidth)
    seconds = 2 * (p - 1) * (alpha + message / (p * beta))
    return answer(seconds, n_bytes, workers, latency, bandwidth)
