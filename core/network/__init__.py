"""Fully connected networks: activations, losses, theta, formulas and their fast form, optimizers, training."""
