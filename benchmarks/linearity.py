"""Time of a summary against the number of layers.

    python benchmarks/linearity.py [--sizes 25 50 100 200 400] [--repeat 3]

Three kinds of chain are generated: convolutions that are all alike, residual blocks that are all different (so that
nothing can be looked up), and a source file that spells every layer out. For each size the best of the repeats is
shown, the microseconds a layer, and the ratio of that to the smallest size: linear time keeps it near 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cnnlint

HEAD = "import torch\nfrom torch import nn\n\n\n"


def alike(count: int) -> str:
    """A loop over equal convolutions."""
    return HEAD + (
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        f"        self.body = nn.Sequential(*[nn.Conv2d(16, 16, 3, padding=1) for _ in range({count})])\n\n"
        "    def forward(self, x):\n"
        "        return self.body(x)\n"
    )


def different(count: int) -> str:
    """A loop over residual blocks of changing width; four layers to a block."""
    return HEAD + (
        "class Block(nn.Module):\n"
        "    def __init__(self, cin, cout):\n"
        "        super().__init__()\n"
        "        self.conv = nn.Conv2d(cin, cout, 3, padding=1, bias=False)\n"
        "        self.bn = nn.BatchNorm2d(cout)\n"
        "        self.act = nn.ReLU()\n"
        "        self.skip = nn.Conv2d(cin, cout, 1)\n\n"
        "    def forward(self, x):\n"
        "        return self.act(self.bn(self.conv(x)) + self.skip(x))\n\n\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        f"        self.body = nn.Sequential(*[Block(16 + i, 17 + i) for i in range({count // 4})])\n\n"
        "    def forward(self, x):\n"
        "        return self.body(x)\n"
    )


def spelled_out(count: int) -> str:
    """An attribute and a call for every layer."""
    init = "".join(f"        self.conv{i} = nn.Conv2d(16, 16, 3, padding=1)\n" for i in range(count))
    forward = "".join(f"        x = torch.relu(self.conv{i}(x))\n" for i in range(count))
    return (
        HEAD
        + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        + init
        + "\n    def forward(self, x):\n"
        + forward
        + "        return x\n"
    )


KINDS: tuple[tuple[Callable[[int], str], int], ...] = ((alike, 16), (different, 16), (spelled_out, 16))


def seconds(path: Path, channels: int, count: int, repeat: int) -> float:
    """The best time of ``repeat`` summaries of the model, checked to hold ``count`` layers."""
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        (summary,) = cnnlint.summarize(f"{path}:Net()", inputs=[[1, channels, 32, 32]])
        best = min(best, time.perf_counter() - start)
        assert len(summary.to_dict()["layers"]) == count
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description="Time of a summary against the number of layers.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[25, 50, 100, 200, 400, 800])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(f"{'kind':12} {'layers':>6} {'seconds':>8} {'µs/layer':>9} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for kind, channels in KINDS:
            first = None
            for size in options.sizes:
                count = size - size % 4
                path = Path(folder) / f"{kind.__name__}_{count}.py"
                path.write_text(kind(count), encoding="utf-8")
                took = seconds(path, channels, count, options.repeat)
                each = took / count * 1e6
                first = first or each
                print(f"{kind.__name__:12} {count:6} {took:8.3f} {each:9.0f} {each / first:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
