"""Fully connected networks: activations, theta, the formulas and their fast form, optimizers, training, an example."""
