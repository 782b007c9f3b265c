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
