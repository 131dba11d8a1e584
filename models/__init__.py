"""Networks and weights: what can run, where its file is, and how it runs; knows nothing of stages or screens."""
