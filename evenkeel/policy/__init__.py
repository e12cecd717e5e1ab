"""Written policy: what it may say (`model`), and which version of it held when (`versions`).

Which band a portfolio gets by it is worked out in `evenkeel.stages.threshold`.
"""
