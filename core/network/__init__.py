"""Fully connected networks: activations, the vector theta, optimizers, the training loop, an example worked out."""
