"""Keeping the notebooks, workflows and stored results true."""
