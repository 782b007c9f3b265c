"""One thread per process: two workers share two cores without waiting for each other."""

import matplotlib
import torch
from hypothesis import settings

matplotlib.use("agg")
torch.set_num_threads(1)
settings.register_profile("course", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("course")
