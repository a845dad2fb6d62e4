"""torchvision's classification networks by builder name: their parts in order, and what their heads read.

For scripts that take a network from torchvision where its source is not at hand. The figures are torchvision 0.29's,
from the static reader; a test reads the ResNets of this table against their construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

_TABLE = """\
alexnet AlexNet features:2469696 avgpool classifier=alexnet
convnext_base ConvNeXt features:87564416 avgpool classifier=norm-1024
convnext_large ConvNeXt features:196227264 avgpool classifier=norm-1536
convnext_small ConvNeXt features:49453152 avgpool classifier=norm-768
convnext_tiny ConvNeXt features:27818592 avgpool classifier=norm-768
densenet121 DenseNet features:6953856/121 classifier=1024
densenet161 DenseNet features:26472000/161 classifier=2208
densenet169 DenseNet features:12484480/169 classifier=1664
densenet201 DenseNet features:18092928/201 classifier=1920
efficientnet_b0 EfficientNet features:4007548/49 avgpool classifier=dropout-1280
efficientnet_b1 EfficientNet features:6513184/69 avgpool classifier=dropout-1280
efficientnet_b2 EfficientNet features:7700994/69 avgpool classifier=dropout-1408
efficientnet_b3 EfficientNet features:10696232/78 avgpool classifier=dropout-1536
efficientnet_b4 EfficientNet features:17548616/96 avgpool classifier=dropout-1792
efficientnet_b5 EfficientNet features:28340784/116 avgpool classifier=dropout-2048
efficientnet_b6 EfficientNet features:40735704/134 avgpool classifier=dropout-2304
efficientnet_b7 EfficientNet features:63786960/163 avgpool classifier=dropout-2560
efficientnet_v2_l EfficientNet features:117234272/217 avgpool classifier=dropout-1280
efficientnet_v2_m EfficientNet features:52858356/157 avgpool classifier=dropout-1280
efficientnet_v2_s EfficientNet features:20177488/110 avgpool classifier=dropout-1280
googlenet GoogLeNet conv1:9536/1 maxpool1 conv2:4224/1 conv3:110976/1 maxpool2 inception3a:155872/6
    inception3b:340224/6 maxpool3 inception4a:364512/6 inception4b:425232/6 inception4c:486192/6
    inception4d:573312/6 inception4e:803840/6 maxpool4 inception5a:978944/6 inception5b:1347040/6 aux1:3188968/1
    aux2:3191016/1 avgpool dropout fc=1024
inception_v3 Inception3 Conv2d_1a_3x3:928/1 Conv2d_2a_3x3:9280/1 Conv2d_2b_3x3:18560/1 maxpool1 Conv2d_3b_1x1:5280/1
    Conv2d_4a_3x3:138624/1 maxpool2 Mixed_5b:255904/7 Mixed_5c:277472/7 Mixed_5d:285152/7 Mixed_6a:1153280/4
    Mixed_6b:1297408/10 Mixed_6c:1691008/10 Mixed_6d:1691008/10 Mixed_6e:2141952/10 AuxLogits:3326696/2
    Mixed_7a:1698304/6 Mixed_7b:5044608/9 Mixed_7c:6076800/9 avgpool dropout fc=2048
maxvit_t MaxVit stem:38784/1 blocks:30105160/33 classifier=maxvit
mnasnet0_5 MNASNet layers:937512/52 classifier=dropout-1280
mnasnet0_75 MNASNet layers:1889208/52 classifier=dropout-1280
mnasnet1_0 MNASNet layers:3102312/52 classifier=dropout-1280
mnasnet1_3 MNASNet layers:5001256/52 classifier=dropout-1280
mobilenet_v2 MobileNetV2 features:2223872/52 classifier=dropout-1280
mobilenet_v3_large MobileNetV3 features:2971952/46 avgpool classifier=wide-960-1280
mobilenet_v3_small MobileNetV3 features:927008/34 avgpool classifier=wide-576-1024
regnet_x_16gf RegNet stem:928/1 trunk_output:52228608/70 avgpool fc=2048
regnet_x_1_6gf RegNet stem:928/1 trunk_output:8276208/58 avgpool fc=912
regnet_x_32gf RegNet stem:928/1 trunk_output:105289632/73 avgpool fc=2520
regnet_x_3_2gf RegNet stem:928/1 trunk_output:14286624/79 avgpool fc=1008
regnet_x_400mf RegNet stem:928/1 trunk_output:5094048/70 avgpool fc=400
regnet_x_800mf RegNet stem:928/1 trunk_output:6585728/52 avgpool fc=672
regnet_x_8gf RegNet stem:928/1 trunk_output:37650720/73 avgpool fc=1920
regnet_y_128gf RegNet stem:928/1 trunk_output:637418966/85 avgpool fc=7392
regnet_y_16gf RegNet stem:928/1 trunk_output:80564212/58 avgpool fc=3024
regnet_y_1_6gf RegNet stem:928/1 trunk_output:10312502/85 avgpool fc=888
regnet_y_32gf RegNet stem:928/1 trunk_output:141332842/64 avgpool fc=3712
regnet_y_3_2gf RegNet stem:928/1 trunk_output:17922410/67 avgpool fc=1512
regnet_y_400mf RegNet stem:928/1 trunk_output:3902216/52 avgpool fc=440
regnet_y_800mf RegNet stem:928/1 trunk_output:5646584/46 avgpool fc=784
regnet_y_8gf RegNet stem:928/1 trunk_output:37363544/55 avgpool fc=2016
resnet101 ResNet conv1:9408 bn1:128/1 relu maxpool layer1:215808/10 layer2:1219584/13 layer3:26090496/70
    layer4:14964736/10 avgpool fc=2048
resnet152 ResNet conv1:9408 bn1:128/1 relu maxpool layer1:215808/10 layer2:2339840/25 layer3:40613888/109
    layer4:14964736/10 avgpool fc=2048
resnet18 ResNet conv1:9408 bn1:128/1 relu maxpool layer1:147968/4 layer2:525568/5 layer3:2099712/5 layer4:8393728/5
    avgpool fc=512
resnet34 ResNet conv1:9408 bn1:128/1 relu maxpool layer1:221952/6 layer2:1116416/9 layer3:6822400/13
    layer4:13114368/7 avgpool fc=512
resnet50 ResNet conv1:9408 bn1:128/1 relu maxpool layer1:215808/10 layer2:1219584/13 layer3:7098368/19
    layer4:14964736/10 avgpool fc=2048
resnext101_32x8d ResNet conv1:9408 bn1:128/1 relu maxpool layer1:420864/10 layer2:2405376/13 layer3:55160832/70
    layer4:28745728/10 avgpool fc=2048
resnext101_64x4d ResNet conv1:9408 bn1:128/1 relu maxpool layer1:393216/10 layer2:2257920/13 layer3:51769344/70
    layer4:26976256/10 avgpool fc=2048
resnext50_32x4d ResNet conv1:9408 bn1:128/1 relu maxpool layer1:205824/10 layer2:1197056/13 layer3:7022592/19
    layer4:14544896/10 avgpool fc=2048
shufflenet_v2_x0_5 ShuffleNetV2 conv1:696/1 maxpool stage2:6936/14 stage3:45552/26 stage4:89952/14 conv5:198656/1
    fc=1024
shufflenet_v2_x1_0 ShuffleNetV2 conv1:696/1 maxpool stage2:30192/14 stage3:244180/26 stage4:501352/14 conv5:477184/1
    fc=1024
shufflenet_v2_x1_5 ShuffleNetV2 conv1:696/1 maxpool stage2:64152/14 stage3:550000/26 stage4:1140832/14
    conv5:722944/1 fc=1024
shufflenet_v2_x2_0 ShuffleNetV2 conv1:696/1 maxpool stage2:117872/14 stage3:1044564/26 stage4:2178920/14
    conv5:2002944/1 fc=2048
squeezenet1_0 SqueezeNet features:735424 classifier=squeezenet
squeezenet1_1 SqueezeNet features:722496 classifier=squeezenet
swin_b SwinTransformer features:86741176 norm:2048 permute avgpool flatten head=1024
swin_s SwinTransformer features:48835722 norm:1536 permute avgpool flatten head=768
swin_t SwinTransformer features:27517818 norm:1536 permute avgpool flatten head=768
swin_v2_b SwinTransformer features:86903800 norm:2048 permute avgpool flatten head=1024
swin_v2_s SwinTransformer features:48966906 norm:1536 permute avgpool flatten head=768
swin_v2_t SwinTransformer features:27581034 norm:1536 permute avgpool flatten head=768
vgg11 VGG features:9220480 avgpool classifier=vgg
vgg11_bn VGG features:9225984/8 avgpool classifier=vgg
vgg13 VGG features:9404992 avgpool classifier=vgg
vgg13_bn VGG features:9410880/10 avgpool classifier=vgg
vgg16 VGG features:14714688 avgpool classifier=vgg
vgg16_bn VGG features:14723136/13 avgpool classifier=vgg
vgg19 VGG features:20024384 avgpool classifier=vgg
vgg19_bn VGG features:20035392/16 avgpool classifier=vgg
vit_b_16 VisionTransformer .class_token:768 conv_proj:590592 encoder:85207296 heads=named-768
vit_b_32 VisionTransformer .class_token:768 conv_proj:2360064 encoder:85094400 heads=named-768
vit_h_14 VisionTransformer .class_token:1280 conv_proj:753920 encoder:630009600 heads=named-1280
vit_l_16 VisionTransformer .class_token:1024 conv_proj:787456 encoder:302513152 heads=named-1024
vit_l_32 VisionTransformer .class_token:1024 conv_proj:3146752 encoder:302362624 heads=named-1024
wide_resnet101_2 ResNet conv1:9408 bn1:128/1 relu maxpool layer1:634368/10 layer2:3482624/13 layer3:78739456/70
    layer4:41971712/10 avgpool fc=2048
wide_resnet50_2 ResNet conv1:9408 bn1:128/1 relu maxpool layer1:634368/10 layer2:3482624/13 layer3:20736000/19
    layer4:41971712/10 avgpool fc=2048
"""
# One network a paragraph: builder, class, and its children. ``name:P/B`` holds P parameters and B batch normalisations,
# ``name=...`` is the head, ``.name:P`` a parameter of the network itself.


@dataclass(frozen=True, slots=True)
class Block:
    """A child module: its name, parameters and number of batch normalisation layers. ``head`` describes the head (see
    :data:`HEADS`); it is empty for any other part."""

    name: str
    parameters: int = 0
    norms: int = 0
    head: str = ""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network: ``name`` is the builder's, ``type`` the class's; ``own`` are parameters outside any child."""

    name: str
    type: str
    blocks: tuple[Block, ...]
    own: tuple[tuple[str, int], ...] = ()


HEADS: dict[str, str] = {
    "linear": "Linear({0},K)",
    "dropout": "Dropout Linear({0},K)",
    "wide": "Linear({0},{1}) Hardswish Dropout Linear({1},K)",
    "named": "head=Linear({0},K)",
    "norm": "LayerNorm({0}) Flatten Linear({0},K)",
    "alexnet": "Dropout Linear(9216,4096) ReLU Dropout Linear(4096,4096) ReLU Linear(4096,K)",
    "vgg": "Linear(25088,4096) ReLU Dropout Linear(4096,4096) ReLU Dropout Linear(4096,K)",
    "maxvit": "Identity Flatten LayerNorm(512) Linear(512,512) Tanh Linear(512,K,False)",
    "squeezenet": "Dropout Conv2d(512,K,1) ReLU Identity",
}
"""The layers of a head, ``K`` the number of classes; one ``Linear`` stands for itself, several for a ``Sequential``."""


@cache
def architectures() -> dict[str, Architecture]:
    """All networks of the table by builder name."""
    found: dict[str, Architecture] = {}
    for paragraph in _TABLE.replace("\n    ", " ").strip().splitlines():
        name, kind, *parts = paragraph.split()
        own = tuple((part[1:].partition(":")[0], int(part.partition(":")[2])) for part in parts if part.startswith("."))
        blocks = tuple(_block(part) for part in parts if not part.startswith("."))
        found[name] = Architecture(name, kind, blocks, own)
    return found


def _block(part: str) -> Block:
    name, _, head = part.partition("=")
    if head:
        return Block(name, head=head if not head.isdigit() else f"linear-{head}")
    name, _, figures = part.partition(":")
    parameters, _, norms = figures.partition("/")
    return Block(name, int(parameters or 0), int(norms or 0))


def head_layers(block: Block, classes: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """The layers of a head: name, class of ``torch.nn`` and arguments; ``classes`` stands for the number of classes."""
    layout, *numbers = block.head.split("-")
    layers = HEADS[layout].format(*numbers).split()
    return tuple(_layer(text, str(position), classes) for position, text in enumerate(layers))


def _layer(text: str, position: str, classes: str) -> tuple[str, str, tuple[str, ...]]:
    name, _, call = text.rpartition("=")
    kind, _, arguments = call.rstrip(")").partition("(")
    given = tuple(classes if argument == "K" else argument for argument in arguments.split(",") if argument)
    return name or position, kind, given
