import torch
import torch.nn as nn

class Stage(nn.Module):
    def __init__(self, cin, cout, depth):
        super().__init__()
        self.depth = depth
        blocks = {}
        for i in range(depth):
            blocks[f"conv{i}"] = nn.Conv2d(cin if i == 0 else cout, cout, 3, padding=1)
        self.blocks = nn.ModuleDict(blocks)
        self.norms = nn.ModuleList(nn.BatchNorm2d(cout) for _ in range(depth))

    def forward(self, x):
        for i in range(self.depth):
            x = torch.relu(self.norms[i](self.blocks[f"conv{i}"](x)))
        return x

class Net(nn.Module):
    def __init__(self, widths=(8, 16), depths=(1, 2), num_classes=3):
        super().__init__()
        self.stages = nn.ModuleList()
        prev = 3
        for w, d in zip(widths, depths):
            self.stages.append(Stage(prev, w, d))
            prev = w
        self.head = nn.Linear(prev, num_classes)

    def features(self, x):
        outs = []
        for s in self.stages:
            x = s(x)
            outs.append(x)
        return outs

    def forward(self, x):
        feats = self.features(x)
        return self.head(feats[-1].mean(dim=(2, 3)))

def accuracy(model, x, y):
    with torch.no_grad():
        return (model(x).argmax(-1) == y).float().mean().item()

net = Net()
x = torch.rand(2, 3, 16, 16)
y = torch.tensor([0, 2])
print("acc: %.2f" % accuracy(net, x, y))
names = [n for n, _ in net.named_parameters()]
total = sum(p.numel() for p in net.parameters())
print(f"{total / 1e6:.2f}M", names[0], len(names))
state = net.state_dict()
net2 = Net()
net2.load_state_dict(state)

# fault: self.norms[i] -> self.norms[i + 1]
# fault: feats[-1] -> feats[2]
# fault: self.stages.append( -> self.stages.add(
# fault: blocks = {} -> blocks = []
# fault:             prev = w\n ->
# fault: return outs -> return tuple(outs)[5]
# fault:         return outs ->         pass
# fault: accuracy(net, x, y) -> accuracy(net, x)
# fault: self.features(x) -> features(x)
# fault: names[0] -> names[100]
# fault: net2 = Net() -> net2 = Net(widths=(8, 16, 32), depths=(1, 1))
# fault: net2 = Net() -> net2 = Net(widths=(8, 32))
# fault: named_parameters() -> named_params()
# fault: self.depth = depth -> depth = depth
# fault: range(self.depth) -> range(depth)
# fault: for w, d in zip -> for w in zip
# fault: dim=(2, 3) -> dim=(2, 4)
# fault: self.head = nn.Linear(prev, num_classes) -> self.head = nn.Linear(prev, classes)
# fault: class Net(nn.Module) -> class Net
# fault: depths=(1, 2), num_classes=3 -> depths=(1, 2), num_classes="3"
# fault: return x\n\nclass Net -> x\n\nclass Net
