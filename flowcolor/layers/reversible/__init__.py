"""Training without stored activations: rebuild inputs, and differentiate on the way."""
