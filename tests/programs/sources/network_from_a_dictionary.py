import torch
import torch.nn as nn

CONFIG = {
    'in_channels': 3,
    'channels': [16, 32, 64],
    'kernel_size': 3,
    'num_classes': 7,
    'image_size': 32,
    'hidden': 128,
    'batch_size': 5,
}


class ConfigurableCNN(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        layers = []
        c = cfg['in_channels']
        for out in cfg['channels']:
            layers.append(nn.Conv2d(c, out, cfg['kernel_size'], padding=cfg['kernel_size'] // 2))
            layers.append(nn.BatchNorm2d(out))
            layers.append(nn.ReLU())
            layers.append(nn.MaxPool2d(2))
            c = out
        self.backbone = nn.Sequential(*layers)
        side = cfg['image_size'] // 2 ** len(cfg['channels'])
        self.fc = nn.Sequential(
            nn.Linear(c * side * side, cfg['hidden']),
            nn.ReLU(),
            nn.Linear(cfg['hidden'], cfg['num_classes']),
        )

    def forward(self, x):
        x = self.backbone(x)
        x = torch.flatten(x, start_dim=1)
        return self.fc(x)


def main(cfg):
    model = ConfigurableCNN(cfg)
    x = torch.randn(cfg['batch_size'], cfg['in_channels'], cfg['image_size'], cfg['image_size'])
    y = torch.randint(cfg['num_classes'], (cfg['batch_size'],))
    crit = nn.CrossEntropyLoss()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        opt.zero_grad()
        loss = crit(model(x), y)
        loss.backward()
        opt.step()
    return model


if __name__ == '__main__':
    main(CONFIG)

# fault:             c = out\n ->
# fault: cfg['hidden'], cfg['num_classes'] -> cfg['hidden_dim'], cfg['num_classes']
# fault: 2 ** len(cfg['channels']) -> len(cfg['channels']) ** 2
# fault: 2 ** len(cfg['channels']) -> 2 * len(cfg['channels'])
# fault: // 2 ** len(cfg['channels']) -> / 2 ** len(cfg['channels'])
# fault: nn.Linear(c * side * side -> nn.Linear(c
# fault: start_dim=1 -> dim=1
# fault: crit(model(x), y) -> crit(y, model(x))
# fault: (cfg['batch_size'],)) -> (cfg['batch_size'], 1))
# fault: main(CONFIG) -> main()
# fault: nn.BatchNorm2d(out) -> nn.BatchNorm2d(c)
# fault: model(x), y -> model.forward(x, y), y
# fault: nn.Sequential(*layers) -> nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1))
