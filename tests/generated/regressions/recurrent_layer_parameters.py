# from seed 4:26: parameters
# target: CRNN
# inputs: [[2, 1, 32, 32]]
import torch
import torch.nn as nn
from torch.nn import functional as F


class CRNN(nn.Module):
    def __init__(self, num_chars=37):
        super().__init__()
        self.cnn = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=3, padding=1, padding_mode='zeros', bias=False),
            nn.ReLU(),
            nn.MaxPool2d(2, 2),
            nn.Conv2d(8, 16, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d((2, 1)),
        )
        self.rnn = nn.GRU(16 * 8, 24, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(48, num_chars)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.cnn(x)
        b, c, h, w = x.size()
        x = x.permute(0, 3, 1, 2).reshape(b, w, c * h)
        out, _ = self.rnn(x)
        return self.fc(out)
