"""Other devices than the CPU: what is asked of them, and what is refused."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import sgdcourse as sc
from sgdcourse import models


def test_training_on_another_device():
    """In a process of its own: once there is a device, PyTorch seeds and forks differently."""
    done = subprocess.run(
        [sys.executable, *["-m", "pytest", "-p", "no:nbval", "-p", "no:cacheprovider", "-q"],
         "tests/on_another_device.py"],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("device", "error"),
    [
        ("nonsense", ValueError),
        ("meta", ValueError),
        ("", ValueError),
        (math.pi, TypeError),
        *([] if torch.cuda.is_available() else [("cuda", ValueError)]),
    ],
)
def test_what_is_no_device_is_refused(device, error):
    net, data = models.parabola_net(), sc.data.noisy_parabola()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(error, match=r"device must be a device .* got"):
        sc.sweep(net, data, loss="mse", lr=0.1, epochs=1, batch_size=5, device=device)
    with pytest.raises(error, match=r"device must be a device .* got"):
        sc.fit(net, data, loss="mse", optimizer=sgd, epochs=1, batch_size=5, device=device)
