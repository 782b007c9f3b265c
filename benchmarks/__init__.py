"""The course's speed, measured against other ways to train the same models."""
