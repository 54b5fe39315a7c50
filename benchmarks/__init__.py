"""Scripts that measure flowcolor; run them as ``python -m benchmarks.<name>`` from the root."""
