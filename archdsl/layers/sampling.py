"""Draws inside a model."""

from __future__ import annotations

from archdsl.layers.geometry import same_shape, want_floats
from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch, Tensor, show_shape

GAUSSIAN_SAMPLE = '''
def gaussian_sample(mean, logvar):
    """Draw from a normal distribution, so that gradients reach its mean and variance."""
    return mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
'''


@layer("", function="gaussian_sample", role="sample", ragged="keeps", helper=GAUSSIAN_SAMPLE, helper_imports=("import torch",))
def gaussian_sample(mean: Tensor, logvar: Tensor, /) -> Applied:
    """Draws from a normal distribution with a mean and the logarithm of a variance, such that gradients pass."""
    want_floats(mean, logvar)
    if not same_shape(mean.shape, logvar.shape):
        raise Mismatch(f"wants a mean and a logvar of one shape and gets {show_shape(mean.shape)} and {show_shape(logvar.shape)}", value=1)
    return Applied(mean)
