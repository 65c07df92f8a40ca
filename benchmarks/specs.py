"""Specs that the benchmarks are about."""

from __future__ import annotations

RESNET_50 = """
layer conv_bn(width, kernel_size = 1, stride = 1) =
  conv2d(width, kernel_size, stride=stride, padding=kernel_size // 2, bias=False) -> batch_norm2d

block Bottleneck(width, stride = 1) {
  input x
  y = x -> conv_bn(width) -> relu -> conv_bn(width, 3, stride) -> relu -> conv_bn(4 * width)
  if stride != 1 or channels(x) != 4 * width {
    shortcut = x -> conv_bn(4 * width, 1, stride)
  } else {
    shortcut = x
  }
  output relu(y + shortcut)
}

model ResNet50 {
  input image: [3, 224, 224]
  stem   = conv_bn(64, 7, 2) -> relu -> max_pool2d(3, stride=2, padding=1)
  layer1 = repeat(3, Bottleneck(64))
  layer2 = Bottleneck(128, 2) -> repeat(3, Bottleneck(128))
  layer3 = Bottleneck(256, 2) -> repeat(5, Bottleneck(256))
  layer4 = Bottleneck(512, 2) -> repeat(2, Bottleneck(512))
  output logits = image -> stem -> layer1 -> layer2 -> layer3 -> layer4 -> adaptive_avg_pool2d(1) -> flatten -> linear(1000)
}
""".replace("  conv1: conv_bn(width)\n", "")


def hundred_lines() -> str:
    """Return a spec of a hundred lines: four networks of the usual layers, and a recipe."""
    lines = ["# Four classifiers of one image.", "param classes = 10", "param width = 32", ""]
    for number in range(4):
        lines += [
            f"model Classifier{number} {{",
            "  input image: [3, 32, 32]",
            *(
                f"  features{stage} = {'image' if not stage else f'features{stage - 1}'} -> conv2d(width * {stage + 1}, 3, padding=1) -> batch_norm2d -> relu"
                for stage in range(16)
            ),
            "  pooled = features15 -> adaptive_avg_pool2d(1) -> flatten",
            "  hidden = pooled -> linear(256) -> relu -> dropout(0.5)",
            "  output logits = hidden -> linear(classes)",
            "}",
            "",
        ]
    lines += ["# The end."] * (100 - len(lines))
    return "\n".join(lines[:100]) + "\n"
