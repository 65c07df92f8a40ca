"""How weights are updated: torch's optimizers, without the parameters."""

from __future__ import annotations

from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.layers.check import Floats


def settings(betas: Floats | None = None, **numbers: float) -> Applied:
    """Check what every optimizer checks: nothing is negative, and each beta is from 0 to below 1."""
    for name, number in numbers.items():
        if number < 0:
            raise Mismatch(f"{name}={number} is negative", argument=name)
    for beta in betas or ():
        if isinstance(beta, int):
            raise Mismatch(f"betas={betas} have to be floats, as torch wants them", argument="betas", suggestion=f"Write {float(beta)}.")
        if not 0 <= beta < 1:
            raise Mismatch(f"betas={betas} has to lie from 0 to below 1", argument="betas")
    return Applied()


@layer("optim.SGD", module="", group="optimizer", role="optimizer")
def sgd(
    lr: float = 0.001, momentum: float = 0, dampening: float = 0, weight_decay: float = 0, nesterov: bool = False, *,
    maximize: bool = False, foreach: bool | None = None, differentiable: bool = False, fused: bool | None = None,
) -> Applied:  # fmt: skip
    """Stochastic gradient descent, with momentum where it is given."""
    if nesterov and (momentum <= 0 or dampening != 0):
        raise Mismatch("nesterov wants a momentum and no dampening", argument="nesterov")
    return settings(lr=lr, momentum=momentum, weight_decay=weight_decay)


@layer("optim.Adam", module="", group="optimizer", role="optimizer")
def adam(
    lr: float = 0.001, betas: Floats = (0.9, 0.999), eps: float = 1e-08, weight_decay: float = 0,
    amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
    differentiable: bool = False, fused: bool | None = None, decoupled_weight_decay: bool = False,
) -> Applied:  # fmt: skip
    """Adam: steps scaled by running means of the gradient and of its square."""
    return settings(betas, lr=lr, eps=eps, weight_decay=weight_decay)


@layer("optim.AdamW", module="", group="optimizer", role="optimizer", aliases=("adamw",))
def adam_w(
    lr: float = 0.001, betas: Floats = (0.9, 0.999), eps: float = 1e-08, weight_decay: float = 0.01,
    amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None, capturable: bool = False,
    differentiable: bool = False, fused: bool | None = None,
) -> Applied:  # fmt: skip
    """Adam whose weight decay does not pass through the running means."""
    return settings(betas, lr=lr, eps=eps, weight_decay=weight_decay)


@layer("optim.RMSprop", module="", group="optimizer", role="optimizer")
def rmsprop(
    lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-08, weight_decay: float = 0, momentum: float = 0,
    centered: bool = False, capturable: bool = False, foreach: bool | None = None, maximize: bool = False,
    differentiable: bool = False,
) -> Applied:  # fmt: skip
    """Steps scaled by a running mean of the squared gradient."""
    return settings(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum)


@layer("optim.Adagrad", module="", group="optimizer", role="optimizer")
def adagrad(
    lr: float = 0.01, lr_decay: float = 0, weight_decay: float = 0, initial_accumulator_value: float = 0,
    eps: float = 1e-10, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
    fused: bool | None = None,
) -> Applied:  # fmt: skip
    """Steps scaled by the sum of all squared gradients so far."""
    return settings(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, initial_accumulator_value=initial_accumulator_value, eps=eps)


@layer("optim.Adadelta", module="", group="optimizer", role="optimizer")
def adadelta(
    lr: float = 1.0, rho: float = 0.9, eps: float = 1e-06, weight_decay: float = 0, foreach: bool | None = None, *,
    capturable: bool = False, maximize: bool = False, differentiable: bool = False,
) -> Applied:  # fmt: skip
    """Steps scaled by running means of the squared gradient and of the squared steps."""
    if not 0 <= rho <= 1:
        raise Mismatch(f"rho={rho} is not from 0 to 1", argument="rho")
    return settings(lr=lr, eps=eps, weight_decay=weight_decay)


@layer("optim.Adafactor", module="", group="optimizer", role="optimizer")
def adafactor(
    lr: float = 0.01, beta2_decay: float = -0.8, eps: Any = (None, 0.001), d: float = 1.0, weight_decay: float = 0.0, *,
    foreach: bool | None = None, maximize: bool = False,
) -> Applied:  # fmt: skip
    """Adam with factored running means, for little memory."""
    if beta2_decay > 0:
        raise Mismatch(f"beta2_decay={beta2_decay} is above 0", argument="beta2_decay")
    if not isinstance(eps, tuple) or len(eps) != 2:
        raise Mismatch(f"eps wants two numbers and gets {eps}", argument="eps")
    if d < 1:
        raise Mismatch(f"d={d} is below 1", argument="d")
    return settings(lr=lr, weight_decay=weight_decay)


@layer("optim.Adamax", module="", group="optimizer", role="optimizer")
def adamax(
    lr: float = 0.002, betas: Floats = (0.9, 0.999), eps: float = 1e-08, weight_decay: float = 0,
    foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False, capturable: bool = False,
) -> Applied:  # fmt: skip
    """Adam with the largest gradient in place of the mean square."""
    return settings(betas, lr=lr, eps=eps, weight_decay=weight_decay)


@layer("optim.NAdam", module="", group="optimizer", role="optimizer", aliases=("n_adam",))
def nadam(
    lr: float = 0.002, betas: Floats = (0.9, 0.999), eps: float = 1e-08, weight_decay: float = 0,
    momentum_decay: float = 0.004, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
    maximize: bool = False, capturable: bool = False, differentiable: bool = False,
) -> Applied:  # fmt: skip
    """Adam with Nesterov's momentum."""
    return settings(betas, lr=lr, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)


@layer("optim.RAdam", module="", group="optimizer", role="optimizer", aliases=("r_adam",))
def radam(
    lr: float = 0.001, betas: Floats = (0.9, 0.999), eps: float = 1e-08, weight_decay: float = 0,
    decoupled_weight_decay: bool = False, *, foreach: bool | None = None, maximize: bool = False,
    capturable: bool = False, differentiable: bool = False,
) -> Applied:  # fmt: skip
    """Adam that warms up as far as its running means can be trusted."""
    return settings(betas, lr=lr, eps=eps, weight_decay=weight_decay)


@layer("optim.Rprop", module="", group="optimizer", role="optimizer")
def rprop(
    lr: float = 0.01, etas: Floats = (0.5, 1.2), step_sizes: Floats = (1e-06, 50), *, capturable: bool = False,
    foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
) -> Applied:  # fmt: skip
    """Steps by the sign of the gradient alone, for full batches."""
    if len(etas) != 2 or not 0 < etas[0] < 1 < etas[1]:
        raise Mismatch(f"etas={etas} has to lie on both sides of 1", argument="etas")
    return settings(lr=lr)


@layer("optim.ASGD", module="", group="optimizer", role="optimizer")
def asgd(
    lr: float = 0.01, lambd: float = 0.0001, alpha: float = 0.75, t0: float = 1000000.0, weight_decay: float = 0,
    foreach: bool | None = None, maximize: bool = False, differentiable: bool = False, capturable: bool = False,
) -> Applied:  # fmt: skip
    """Stochastic gradient descent that averages its weights."""
    return settings(lr=lr, weight_decay=weight_decay)


@layer("optim.SparseAdam", module="", group="optimizer", role="optimizer")
def sparse_adam(lr: float = 0.001, betas: Floats = (0.9, 0.999), eps: float = 1e-08, maximize: bool = False) -> Applied:
    """Adam for the sparse gradients of large embeddings."""
    if lr <= 0 or eps <= 0:
        name = "lr" if lr <= 0 else "eps"
        raise Mismatch(f"{name} has to be positive", argument=name)
    return settings(betas)


@layer("optim.LBFGS", module="", group="optimizer", role="optimizer", choices={"line_search_fn": ("strong_wolfe",)})
def lbfgs(
    lr: float = 1, max_iter: int = 20, max_eval: int | None = None, tolerance_grad: float = 1e-07,
    tolerance_change: float = 1e-09, history_size: int = 100, line_search_fn: str | None = None,
) -> Applied:  # fmt: skip
    """Quasi-Newton steps, which compute the loss several times."""
    return settings(lr=lr)


@layer(
    "optim.Muon", module="", group="optimizer", role="optimizer",
    choices={"adjust_lr_fn": ("original", "match_rms_adamw")},
)  # fmt: skip
def muon(
    lr: float = 0.001, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
    ns_coefficients: Floats = (3.4445, -4.775, 2.0315), eps: float = 1e-07, ns_steps: int = 5,
    adjust_lr_fn: str | None = None,
) -> Applied:  # fmt: skip
    """Steps whose matrices are made orthogonal; for weights of two dimensions alone."""
    return settings(lr=lr, weight_decay=weight_decay, momentum=momentum)
