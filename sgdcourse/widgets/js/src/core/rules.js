// The update of torch.optim.SGD, operation by operation (torch/optim/sgd.py, _single_tensor_sgd).

/**
 * One update of `w` in place. `state` is {} before the first call and then holds the buffer.
 * The first buffer is the gradient itself: dampening starts with the second step.
 */
export function sgd(w, gradient, state, options) {
  const { lr, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0, maximize = false } = options;
  const first = momentum !== 0 && !state.buffer;
  if (first) state.buffer = new Float64Array(w.length);
  for (let i = 0; i < w.length; i++) {
    let g = maximize ? -gradient[i] : gradient[i];
    if (weightDecay) g += weightDecay * w[i];
    if (momentum) {
      const v = first ? g : momentum * state.buffer[i] + (1 - dampening) * g;
      state.buffer[i] = v;
      g = nesterov ? g + momentum * v : v;
    }
    w[i] -= lr * g;
  }
}

/** Path of (steps + 1) points from `start`; `gradient(w, step)` fills and returns an array. */
export function descend(gradient, start, steps, options, schedule = () => 1) {
  const dim = start.length;
  const path = new Float64Array((steps + 1) * dim);
  const w = Float64Array.from(start);
  const state = {};
  path.set(w, 0);
  for (let t = 0; t < steps; t++) {
    sgd(w, gradient(w, t), state, { ...options, lr: options.lr * schedule(t) });
    path.set(w, (t + 1) * dim);
  }
  return path;
}
