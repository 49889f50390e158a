"""Layer upon layer, a good name, deeper and deeper, why deep, backpropagation."""
