// The schedules of sgdcourse.schedules: functions step → factor, with the same arguments.

const halfCosine = (progress, start, end) => end + ((start - end) * (1 + Math.cos(Math.PI * progress))) / 2;

export const constant = () => () => 1;
export const step = ({ step_size, gamma = 0.1 }) => (t) => gamma ** Math.floor(t / step_size);
export const multi_step = ({ milestones, gamma = 0.1 }) => (t) =>
  gamma ** milestones.filter((m) => m <= t).length;
export const exponential = ({ gamma }) => (t) => gamma ** t;
export const polynomial = ({ steps, power = 1, end = 0 }) => (t) =>
  end + (1 - end) * (1 - Math.min(t, steps) / steps) ** power;
export const linear = ({ steps, end = 0 }) => polynomial({ steps, end });
export const inverse_time = ({ decay }) => (t) => 1 / (1 + decay * t);
export const inverse_sqrt = ({ scale }) => (t) => 1 / Math.sqrt(1 + t / scale);
export const cosine = ({ steps, end = 0 }) => (t) => halfCosine(Math.min(t, steps) / steps, 1, end);

export const warm_restarts = ({ period, growth = 1, end = 0 }) => (t) => {
  let length = period;
  while (t >= length) {
    t -= length;
    length *= growth;
  }
  return halfCosine(t / length, 1, end);
};

export const one_cycle = ({ steps, warm = 0.3, start = 1 / 25, end = 4e-6 }) => {
  const top = warm * steps - 1;
  return (t) =>
    t <= top
      ? halfCosine(t / top, start, 1)
      : halfCosine(Math.min(1, (t - top) / (steps - 1 - top)), 1, end);
};

export const wsd = ({ steps, warmup, decay, end = 0, shape = "linear" }) => {
  const fall = shape === "sqrt" ? (p) => 1 - Math.sqrt(p) : (p) => 1 - p;
  return (t) => {
    if (t < warmup) return (t + 1) / warmup;
    const since = t - (steps - decay);
    if (since < 0) return 1;
    return end + (1 - end) * fall(decay ? Math.min(1, since / decay) : 1);
  };
};

/** Rise to the first value of `then` within `steps` steps, then follow it from its start. */
export const warmup = (steps, then) => (t) =>
  t < steps ? (then(0) * (t + 1)) / steps : then(t - steps);
