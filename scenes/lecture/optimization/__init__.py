"""Why gradient descent, the loss, gradient descent, batches."""
