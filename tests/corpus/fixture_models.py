"""The models of fixtures/models that the corpus tests build: callable, arguments, example inputs.

Only facts; neither torch nor cnnlint is imported here, so that both sides of the comparison can read the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "fixtures" / "models"
TRUTH = ROOT / "fixtures" / "truth"


@dataclass(frozen=True)
class FixtureModel:
    """One model: ``call`` as in a cnnlint target (``resnet18(num_classes=10)``) and the shapes of its inputs."""

    file: str
    call: str
    inputs: tuple[tuple[int, ...], ...]
    published: int | None = None
    """Parameters as the literature gives them, where it does."""

    @property
    def target(self) -> str:
        """As in the truth file: relative to fixtures/models."""
        return f"{self.file}:{self.call}"


IMAGENET = ((1, 3, 224, 224),)

FIXTURE_MODELS = (
    FixtureModel("alexnet.py", "AlexNet()", ((2, 3, 227, 227),), 60_965_224),
    FixtureModel("alexnet.py", "SmallAlexNet()", ((2, 3, 64, 64),)),
    FixtureModel("cifar10_cnn.py", "CIFAR10CNN()", ((2, 3, 32, 32),), 323_498),
    FixtureModel("context_net.py", "ContextNet()", ((1, 3, 256, 512),)),
    FixtureModel("dcgan.py", "Discriminator()", ((8, 3, 64, 64),)),
    FixtureModel("dcgan.py", "Generator()", ((8, 100),)),
    FixtureModel("deeplab.py", "DeepLab()", ((1, 3, 513, 513),)),
    FixtureModel("deeplab.py", "DeepLab(output_stride=8)", ((1, 3, 257, 257),)),
    FixtureModel("efficientnet_b0.py", "efficientnet_b0()", IMAGENET, 5_288_548),
    FixtureModel("inception.py", "googlenet()", IMAGENET),
    FixtureModel("mobilenet.py", "mobilenet_v1()", IMAGENET, 4_231_976),
    FixtureModel("mobilenet.py", "mobilenet_v2()", IMAGENET, 3_504_872),
    FixtureModel("mobilenet.py", "mobilenet_v2(width_mult=0.5)", IMAGENET, 1_968_680),
    FixtureModel("resnet.py", "resnet18()", IMAGENET, 11_689_512),
    FixtureModel("resnet.py", "resnet50()", IMAGENET, 25_557_032),
    FixtureModel("stylegan2_generator.py", "Generator()", ((2, 512),)),
    FixtureModel("unet.py", "UNetBilinear()", ((1, 1, 572, 572),)),
    FixtureModel("unet.py", "UNetTransposed()", ((1, 1, 572, 572),)),
    FixtureModel("unet.py", "UNetBilinear(in_channels=3, base=32)", ((1, 3, 96, 130),)),
    FixtureModel("vgg16.py", "vgg16()", IMAGENET, 138_357_544),
    FixtureModel("vgg16.py", "vgg16_bn()", IMAGENET, 138_365_992),
    FixtureModel("wavenet.py", "WaveNet()", ((1, 256, 4000),)),
)
