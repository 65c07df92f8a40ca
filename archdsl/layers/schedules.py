"""How the learning rate changes: torch's schedules, without the optimizer."""

from __future__ import annotations

from archdsl.layers.registry import layer
from archdsl.layers.tensor import Applied, Mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.layers.check import Layers, Ratios, Shape


def _want_positive(**numbers: float | None) -> Applied:
    for name, number in numbers.items():
        if number is not None and number <= 0:
            raise Mismatch(f"{name}={number} has to be positive", argument=name)
    return Applied()


@layer("optim.lr_scheduler.StepLR", module="", group="schedule", role="schedule")
def step_lr(step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> Applied:
    """Multiplies the rate by `gamma` every so many epochs."""
    return _want_positive(step_size=step_size)


@layer("optim.lr_scheduler.MultiStepLR", module="", group="schedule", role="schedule")
def multi_step_lr(milestones: Shape, gamma: float = 0.1, last_epoch: int = -1) -> Applied:
    """Multiplies the rate by `gamma` at given epochs."""
    return Applied()


@layer("optim.lr_scheduler.ConstantLR", module="", group="schedule", role="schedule")
def constant_lr(factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> Applied:
    """Multiplies the rate by a factor for the first epochs."""
    if not 0 <= factor <= 1:
        raise Mismatch(f"factor={factor} is not from 0 to 1", argument="factor")
    return Applied()


@layer("optim.lr_scheduler.LinearLR", module="", group="schedule", role="schedule")
def linear_lr(start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5, last_epoch: int = -1) -> Applied:
    """Goes evenly from one factor of the rate to another; a warm-up."""
    if not 0 < start_factor <= 1:
        raise Mismatch(f"start_factor={start_factor} is not above 0 and up to 1", argument="start_factor")
    if not 0 <= end_factor <= 1:
        raise Mismatch(f"end_factor={end_factor} is not from 0 to 1", argument="end_factor")
    return Applied()


@layer("optim.lr_scheduler.ExponentialLR", module="", group="schedule", role="schedule")
def exponential_lr(gamma: float, last_epoch: int = -1) -> Applied:
    """Multiplies the rate by `gamma` every epoch."""
    return Applied()


@layer("optim.lr_scheduler.PolynomialLR", module="", group="schedule", role="schedule")
def polynomial_lr(total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> Applied:
    """Takes the rate down to 0 by a power of the time left."""
    return Applied()


@layer("optim.lr_scheduler.CosineAnnealingLR", module="", group="schedule", role="schedule")
def cosine_annealing_lr(T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> Applied:  # noqa: N803
    """Takes the rate down along half a cosine."""
    return _want_positive(T_max=T_max)


@layer("optim.lr_scheduler.CosineAnnealingWarmRestarts", module="", group="schedule", role="schedule")
def cosine_annealing_warm_restarts(T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1) -> Applied:  # noqa: N803
    """Takes the rate down along half a cosine, again and again."""
    return _want_positive(T_0=T_0, T_mult=T_mult)


@layer(
    "optim.lr_scheduler.CyclicLR", module="", group="schedule", role="schedule",
    choices={"mode": ("triangular", "triangular2", "exp_range"), "scale_mode": ("cycle", "iterations")},
)  # fmt: skip
def cyclic_lr(
    base_lr: Ratios, max_lr: Ratios, step_size_up: int = 2000, step_size_down: int | None = None,
    mode: str = "triangular", gamma: float = 1.0, scale_mode: str = "cycle", cycle_momentum: bool = True,
    base_momentum: float = 0.8, max_momentum: float = 0.9, last_epoch: int = -1,
) -> Applied:  # fmt: skip
    """Goes up and down between two rates, a step a batch."""
    return _want_positive(step_size_up=step_size_up, step_size_down=step_size_down)


@layer(
    "optim.lr_scheduler.OneCycleLR", module="", group="schedule", role="schedule",
    choices={"anneal_strategy": ("cos", "linear")},
)  # fmt: skip
def one_cycle_lr(
    max_lr: Ratios, total_steps: int | None = None, epochs: int | None = None, steps_per_epoch: int | None = None,
    pct_start: float = 0.3, anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: Ratios = 0.85,
    max_momentum: Ratios = 0.95, div_factor: float = 25.0, final_div_factor: float = 10000.0,
    three_phase: bool = False, last_epoch: int = -1,
) -> Applied:  # fmt: skip
    """Goes up to a rate and far down again, a step a batch."""
    if not 0 <= pct_start <= 1:
        raise Mismatch(f"pct_start={pct_start} is not from 0 to 1", argument="pct_start")
    return _want_positive(total_steps=total_steps, epochs=epochs, steps_per_epoch=steps_per_epoch)


@layer(
    "optim.lr_scheduler.ReduceLROnPlateau", module="", group="schedule", role="schedule",
    choices={"mode": ("min", "max"), "threshold_mode": ("rel", "abs")},
)  # fmt: skip
def reduce_lr_on_plateau(
    mode: str = "min", factor: float = 0.1, patience: int = 10, threshold: float = 0.0001,
    threshold_mode: str = "rel", cooldown: int = 0, min_lr: float = 0, eps: float = 1e-08,
) -> Applied:  # fmt: skip
    """Multiplies the rate by a factor when the validation loss has not fallen for some epochs."""
    if factor >= 1:
        raise Mismatch(f"factor={factor} has to be below 1", argument="factor")
    return Applied()


@layer("optim.lr_scheduler.ChainedScheduler", module="", group="schedule", role="schedule")
def chained_scheduler(schedulers: Layers) -> Applied:
    """Several schedules at once, whose factors multiply."""
    return Applied()


@layer("optim.lr_scheduler.SequentialLR", module="", group="schedule", role="schedule")
def sequential_lr(schedulers: Layers, milestones: Shape, last_epoch: int = -1) -> Applied:
    """Several schedules one after the other, from one milestone to the next."""
    if isinstance(schedulers, tuple) and len(milestones) != len(schedulers) - 1:
        raise Mismatch(f"milestones wants {len(schedulers) - 1} epochs and gets {len(milestones)}", argument="milestones")
    return Applied()
