"""What the goals are measured with: `make bench` prints every figure, each as a ratio within one run."""
