// The settings on screen as a PyTorch script.

const python = (value) => (value === true ? "True" : value === false ? "False" : String(value));

/** Keyword arguments: defaults of torch.optim.SGD are left out. */
export function sgdArguments({ lr, momentum = 0, nesterov = false }) {
  const parts = [`lr=${lr}`];
  if (momentum) parts.push(`momentum=${momentum}`);
  if (momentum && nesterov) parts.push(`nesterov=${python(nesterov)}`);
  return parts.join(", ");
}

/** Plain loop on an expression in x and y, from a start. */
export const descentScript = ({ x, y, steps, expression, ...options }) => `import torch

def loss(w):
    x, y = w
    return ${expression}

w = torch.tensor([${x}, ${y}], dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.SGD([w], ${sgdArguments(options)})

for step in range(${steps}):
    optimizer.zero_grad()
    loss(w).backward()
    optimizer.step()

print(w.detach(), loss(w).item())
`;

/** SGD with a schedule on the noisy quadratic ½(x² + κy²). */
export const quadraticScript = ({ x, y, steps, lr, seed, curvature, sigma, expression }) => `import math
import torch

curvature = torch.tensor([1.0, ${curvature}], dtype=torch.float64)
sigma = ${sigma}
generator = torch.Generator().manual_seed(${seed})  # its numbers differ from those in the page

def schedule(t):
    return ${expression}

w = torch.nn.Parameter(torch.tensor([${x}, ${y}], dtype=torch.float64))
optimizer = torch.optim.SGD([w], lr=${lr})
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)

for step in range(${steps}):
    noise = torch.randn(2, generator=generator, dtype=torch.float64)
    w.grad = curvature * w.detach() + sigma * noise
    optimizer.step()
    scheduler.step()

print(w.detach(), (0.5 * curvature * w**2).sum().item())
`;

/** A thousand runs of the noisy quadratic model at one batch size. */
export const batchScript = ({ batch, noise, lr, steps, start, target }) => `import torch

curvature = 1 / torch.arange(1, 17, dtype=torch.float64)
w = torch.nn.Parameter(torch.full((1000, 16), ${start}, dtype=torch.float64).sqrt())
sigma = ${noise} * (${start} * curvature / ${batch}).sqrt()
optimizer = torch.optim.SGD([w], lr=${lr})
generator = torch.Generator().manual_seed(0)

for step in range(${steps}):
    noise = torch.randn(w.shape, generator=generator, dtype=torch.float64)
    w.grad = curvature * w.detach() + sigma * noise
    optimizer.step()

loss = (0.5 * curvature * w.detach() ** 2).sum(1).mean()
print(f"mean loss {loss:.4f}, target ${target}")
`;
