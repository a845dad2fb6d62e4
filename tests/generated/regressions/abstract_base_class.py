# from seed 4:35: output
# target: Model
# inputs: [[4, 3, 33, 33]]
import torch
from torch.nn import AvgPool2d, BatchNorm2d, Conv2d, InstanceNorm2d, Module, ReLU, Sequential
import torch.nn.functional as F


class BaseModel(Module):
    def __init__(self, num_classes: int = 10):
        super().__init__()
        self.setup(num_classes)

    def setup(self, num_classes):
        raise NotImplementedError

    def forward(self, x):
        h, w = x.shape[2:]
        size = (h, w)
        x = self.features(x)
        return F.interpolate(self.score(x), size=size, mode='bilinear', align_corners=False)


class Model(BaseModel):
    def setup(self, num_classes):
        self.features = Sequential(
            Conv2d(3, 48, 3, padding=1),
            InstanceNorm2d(48),
            ReLU(),
            AvgPool2d(2, stride=2),
            Conv2d(48, 64, kernel_size=3, padding=1),
            InstanceNorm2d(64),
            ReLU(inplace=True),
            Conv2d(64, 64, 5, padding=2, bias=False),
            BatchNorm2d(64),
            ReLU(inplace=True),
            AvgPool2d(2, stride=2),
        )
        self.score = Conv2d(64, num_classes, kernel_size=1)
