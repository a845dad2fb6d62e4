# %% [markdown]
# ## House prices from images
# %%
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader, random_split

# %%
class HouseDataset(Dataset):
    def __init__(self, images, tabular, prices, transform=None):
        self.images = images
        self.tabular = tabular
        self.prices = prices
        self.transform = transform

    def __len__(self):
        return len(self.prices)

    def __getitem__(self, idx):
        image = torch.from_numpy(self.images[idx]).float().permute(2, 0, 1) / 255.0
        if self.transform:
            image = self.transform(image)
        tab = torch.tensor(self.tabular[idx], dtype=torch.float32)
        price = torch.tensor(self.prices[idx], dtype=torch.float32)
        return image, tab, price

# %%
class MultiInputNet(nn.Module):
    def __init__(self, n_tab):
        super().__init__()
        self.cnn = nn.Sequential(
            nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(32 * 14 * 14, 64), nn.ReLU())
        self.mlp = nn.Sequential(nn.Linear(n_tab, 32), nn.ReLU())
        self.out = nn.Linear(64 + 32, 1)

    def forward(self, img, tab):
        a = self.cnn(img)
        b = self.mlp(tab)
        return self.out(torch.cat((a, b), dim=1))

# %%
images = np.random.randint(0, 255, size=(40, 64, 64, 3), dtype=np.uint8)
tabular = np.random.rand(40, 7)
prices = np.random.rand(40)
ds = HouseDataset(images, tabular, prices)
train_ds, val_ds = random_split(ds, [32, 8])
train_dl = DataLoader(train_ds, batch_size=8, shuffle=True)
val_dl = DataLoader(val_ds, batch_size=8)

# %%
model = MultiInputNet(n_tab=7)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
history = {'train': [], 'val': []}
for epoch in range(2):
    model.train()
    total = 0.
    for img, tab, price in train_dl:
        pred = model(img, tab).squeeze(-1)
        loss = loss_fn(pred, price)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * img.size(0)
    history['train'].append(total / len(train_ds))
    model.eval()
    with torch.no_grad():
        val = [loss_fn(model(i, t).view(-1), p).item() for i, t, p in val_dl]
    history['val'].append(np.mean(val))
print(history)

# fault: .float().permute(2, 0, 1) -> .float()
# fault: .permute(2, 0, 1) -> .permute(2, 0)
# fault: [32, 8] -> [30, 8]
# fault: 32 * 14 * 14 -> 32 * 16 * 16
# fault: n_tab=7 -> n_tab=8
# fault: for img, tab, price in train_dl -> for img, price in train_dl
# fault: model(img, tab).squeeze(-1) -> model(img, tab).squeeze(-1)[:4]
# fault: nn.Linear(64 + 32, 1) -> nn.Linear(64, 1)
# fault: history['train'].append -> history['training'].append
# fault: history = {'train': [], 'val': []} -> history = {'train': 0, 'val': []}
# fault: model(img, tab) -> model(torch.cat((img, tab)))
# fault: size=(40, 64, 64, 3) -> size=(40, 3, 64, 64)
# fault: dtype=torch.float32)\n        price -> dtype=torch.float64)\n        price
# fault: / 255.0 -> .view(3, 32, 32)
# fault: loss_fn(pred, price) -> loss_fn(price)
# fault: model(i, t).view(-1), p -> model(i, t).view(-1, 2), p.view(-1, 3)
