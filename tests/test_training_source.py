"""What the emitted training code looks like, and that it runs by itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.run.execute import execute

SPECS = Path(__file__).parents[1] / "specs"
SEVEN = ("autoencoder", "cnn", "conv_autoencoder", "gan", "mlp", "rnn", "vae")
MODEL = """
model Net {
  input image: [1, 8, 8]
  code = image -> flatten -> linear(16) -> relu
  output logits = code -> linear(10)
}
"""


def source(tmp_path: Path, recipe: str, model: str = MODEL) -> str:
    """Build a spec made of a model and a recipe."""
    path = tmp_path / "net.arch"
    path.write_text(f"{model}\ntrain {{\n  data: digits(size=8)\n  optimizer: adam(lr=1e-2)\n  epochs: 1\n{recipe}\n}}\n")
    return archdsl.load(path).source


def body(text: str, function: str) -> str:
    """Return the source of one function."""
    return text.partition(f"def {function}(")[2].partition("\n\n\n")[0]


@pytest.mark.parametrize("name", SEVEN)
def test_a_built_file_is_as_the_formatter_would_have_it(name: str) -> None:
    """ruff format changes nothing in what is built, and its linter finds no fault in names and imports."""
    text = archdsl.load(SPECS / f"{name}.arch").source
    ruff = [sys.executable, "-m", "ruff"]
    formatted = subprocess.run([*ruff, "format", "--isolated", "-"], input=text, capture_output=True, text=True, check=True)
    assert formatted.stdout == text
    linted = subprocess.run([*ruff, "check", "--isolated", "--select", "F,E9", "-"], input=text, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout


def test_a_loss_of_one_call_stands_in_the_loop(tmp_path: Path) -> None:
    """Nobody writes a function around a single call."""
    text = source(tmp_path, "  loss: cross_entropy(logits, label)")
    assert "loss = F.cross_entropy(logits, label)" in body(text, "train")
    assert "_loss(" not in text


def test_a_loss_with_parts_is_a_function_that_keeps_their_names(tmp_path: Path) -> None:
    """Scalars that the recipe names are computed in the loss's own function and logged beside it."""
    text = source(tmp_path, "  error = cross_entropy(logits, label)\n  size = mean(logits ** 2)\n  loss: error + 0.1 * size")
    assert "return loss, error, size" in body(text, "net_loss")
    assert '"error": error.detach(), "size": size.detach()' in body(text, "train").replace("\n            ", " ")


def test_losses_are_given_before_the_weights_take_them(tmp_path: Path) -> None:
    """Whoever drives the loop sees a loss first, and may stop there."""
    inner = body(source(tmp_path, "  loss: cross_entropy(logits, label)"), "train")
    assert inner.index("loss.backward()") < inner.index("yield") < inner.index("optimizer.step()")


def test_steps_share_what_is_computed_once_a_batch(tmp_path: Path) -> None:
    """A value that two steps use is computed once, before the first of them."""
    models = """
model G { input z: [8]
  output image = z -> linear(64) -> unflatten(1, (1, 8, 8)) }
model D { input image: [1, 8, 8]
  output score = image -> flatten -> linear(1) }
"""
    recipe = """
  fake = G(normal([8]))
  step first { update: D
    loss: binary_cross_entropy_with_logits(D(image), 1) + binary_cross_entropy_with_logits(D(detach(fake)), 0) }
  step second { update: G
    loss: binary_cross_entropy_with_logits(D(fake), 1) }
"""
    text = source(tmp_path, recipe, models)
    inner = body(text, "train")
    assert inner.count("g(torch.randn(") == 1
    assert inner.index("first_optimizer.step()") < inner.index("second_loss(") < inner.index("second_optimizer.step()")
    assert body(text, "first_loss").count("d(image)") == 1, "a score that needs a target like itself is computed once"


def test_a_number_of_the_batch_is_its_length(tmp_path: Path) -> None:
    """batch_size in a loss is the size of the batch at hand, which the last one of an epoch may fall short of."""
    text = source(tmp_path, '  loss: cross_entropy(logits, label, reduction="sum") / batch_size')
    assert "/ len(" in text
    assert "/ 64" not in text


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("clip_grad_norm: 1.0", "nn.utils.clip_grad_norm_(net.parameters(), 1.0)"),
        ("schedule: cosine_annealing_lr(4)", "schedule.step()"),
        ("precision: bfloat16", "with torch.autocast(image.device.type, torch.bfloat16):"),
        ("ema: 0.9", "average.update_parameters(net)"),
        ("accumulate: 2", "(loss / 2).backward()"),
    ],
)
def test_options_of_the_loop_are_lines_of_the_loop(tmp_path: Path, option: str, line: str) -> None:
    """What an option does is there to be read."""
    assert line in body(source(tmp_path, f"  loss: cross_entropy(logits, label)\n  {option}"), "train")


def test_a_metric_that_is_no_average_sees_all_samples_at_once(tmp_path: Path) -> None:
    """Macro F1 over batches is not the mean of theirs."""
    text = source(tmp_path, "  loss: cross_entropy(logits, label)\n  metrics: [macro_f1(logits, label)]")
    inner = body(text, "evaluate")
    assert inner.index("for_macro_f1.append((logits, label))") < inner.index("macro_f1(*map(torch.cat")


def test_what_is_shown_may_run_a_part_of_a_model(tmp_path: Path) -> None:
    """A picture can be drawn by a named layer of a model, from what the recipe draws."""
    model = """
model Coder {
  input image: [1, 8, 8]
  encoder = linear(4)
  decoder = linear(64) -> sigmoid
  output copy = image -> flatten -> encoder -> decoder -> unflatten(1, (1, 8, 8))
}
"""
    recipe = "  loss: mse_loss(copy, image)\n  show: { samples: normal([4]) -> Coder.decoder -> unflatten(1, (1, 8, 8)) }"
    inner = body(source(tmp_path, recipe, model), "show")
    assert "torch.randn(count, 4, device=device)" in inner
    assert inner.index("torch.randn") < inner.index("net.decoder(")
    assert "net.encoder" not in inner


def test_a_built_file_trains_by_itself(tmp_path: Path) -> None:
    """python FILE.py says how it goes and leaves the weights behind."""
    text = source(tmp_path, "  loss: cross_entropy(logits, label)\n  metrics: [accuracy(logits, label)]")
    (tmp_path / "net.py").write_text(text)
    done = subprocess.run([sys.executable, "-P", "net.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("epoch 1: loss ")
    assert "accuracy" in done.stdout
    assert (tmp_path / "net.pt").exists()


def test_a_number_of_steps_ends_training_within_an_epoch(tmp_path: Path) -> None:
    """max_steps counts batches, wherever an epoch ends."""
    path = tmp_path / "net.arch"
    path.write_text(
        f"{MODEL}\ntrain {{\n  data: digits(size=8)\n  optimizer: sgd\n  loss: cross_entropy(logits, label)\n  max_steps: 30\n}}\n"
    )
    text = archdsl.load(path).source
    (tmp_path / "net.py").write_text(text)
    done = subprocess.run([sys.executable, "-P", "net.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 2


def test_a_state_that_is_carried_goes_on_from_batch_to_batch(tmp_path: Path) -> None:
    """It begins empty, is passed on detached, and the batches stand in the order of the text."""
    (tmp_path / "words.txt").write_text("abcdefghij" * 40)
    path = tmp_path / "words.arch"
    path.write_text("""
model Letters {
  input tokens: int64[T]
  embed = embedding(256, 8)
  rnn   = lstm(8)
  head  = linear(256)
  carry state = rnn
  output logits = tokens -> embed -> rnn -> head -> transpose(1, 2)
}
train {
  data: text("words.txt", length=8)
  loss: cross_entropy(logits, targets)
  optimizer: adam(lr=1e-2)
  batch_size: 4
  epochs: 1
}
""")
    text = archdsl.load(path).source
    inner = body(text, "train")
    assert inner.index("state = None") < inner.index("net(tokens, state)") < inner.index("state = detached(state)")
    module = execute(text, "letters.py")
    tokens = torch.arange(40).view(20, 2)
    first, second, *_ = (batch for batch, _ in module.batches([tokens, tokens], 4))
    assert torch.equal(second - first, torch.full((4, 2), 2))
    done = subprocess.run([sys.executable, "-P", "-"], input=text, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "epoch 1: loss" in done.stdout


@pytest.mark.parametrize(
    ("schedule", "line", "indent"),
    [
        ("step_lr(2)", "schedule.step()", 4),
        ("one_cycle_lr(1e-2, total_steps=100)", "schedule.step()", 8),
        ("reduce_lr_on_plateau(patience=2)", "schedule.step(loss.item())", 4),
    ],
)
def test_a_schedule_goes_by_epochs_or_batches_as_torch_means_it(tmp_path: Path, schedule: str, line: str, indent: int) -> None:
    """Where the schedule is told is where its class wants to be."""
    text = source(tmp_path, f"  loss: cross_entropy(logits, label)\n  schedule: {schedule}")
    assert f"\n{' ' * indent}{line}" in body(text, "train")
    subprocess.run([sys.executable, "-P", "-"], input=text, cwd=tmp_path, capture_output=True, text=True, check=True)


def test_a_step_in_every_few_batches_leaves_what_is_shared_to_all(tmp_path: Path) -> None:
    """Whatever another step uses as well is computed on each batch."""
    models = """
model G { input z: [8]
  output image = z -> linear(64) -> unflatten(1, (1, 8, 8)) }
model D { input image: [1, 8, 8]
  output score = image -> flatten -> linear(1) }
"""
    recipe = """
  fake = G(normal([8]))
  step maker { update: G
    loss: -mean(D(fake))
    every: 3 }
  step critic { update: D
    loss: mean(D(detach(fake))) - mean(D(image)) }
"""
    text = source(tmp_path, recipe, models)
    inner = body(text, "train")
    assert inner.index("fake = g(") < inner.index("if number % 3 == 2:") < inner.index("maker_loss(")
    subprocess.run([sys.executable, "-P", "-"], input=text, cwd=tmp_path, capture_output=True, text=True, check=True)


def test_gradients_of_a_step_reach_only_what_it_updates(tmp_path: Path) -> None:
    """The generator's loss leaves nothing in the discriminator."""
    text = archdsl.load(SPECS / "gan.arch").source
    assert "loss.backward(inputs=list(generator.parameters()))" in body(text, "train")
