import torch
import torch.nn as nn


class LSTMClassifier(nn.Module):
    def __init__(self, vocab, emb, hidden, layers, classes, bidirectional=True):
        super().__init__()
        self.hidden = hidden
        self.layers = layers
        self.emb = nn.Embedding(vocab, emb)
        self.lstm = nn.LSTM(emb, hidden, num_layers=layers, batch_first=True, bidirectional=bidirectional, dropout=0.2)
        self.fc = nn.Linear(hidden * 2, classes)

    def init_hidden(self, batch):
        n = self.layers * 2
        return torch.zeros(n, batch, self.hidden), torch.zeros(n, batch, self.hidden)

    def forward(self, x, hidden):
        e = self.emb(x)
        out, hidden = self.lstm(e, hidden)
        out = out[:, -1, :]
        return self.fc(out), hidden


batch_size = 6
model = LSTMClassifier(100, 16, 24, 2, 4)
opt = torch.optim.RMSprop(model.parameters(), lr=1e-3)
loss_fn = nn.CrossEntropyLoss()
data = torch.randint(0, 100, (24, 10))
labels = torch.randint(0, 4, (24,))
h = model.init_hidden(batch_size)
for i in range(0, len(data), batch_size):
    xb = data[i:i + batch_size]
    yb = labels[i:i + batch_size]
    h = tuple([each.data for each in h])
    opt.zero_grad()
    out, h = model(xb, h)
    loss = loss_fn(out, yb)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=5)
    opt.step()

# fault: nn.Linear(hidden * 2, classes) -> nn.Linear(hidden, classes)
# fault: n = self.layers * 2 -> n = self.layers
# fault: batch_size = 6 -> batch_size = 7
# fault: out, h = model(xb, h) -> out = model(xb, h)
# fault: out, hidden = self.lstm(e, hidden) -> out = self.lstm(e, hidden)
# fault: out = out[:, -1, :] -> out = out[:, -1, :, :]
# fault: model.init_hidden(batch_size) -> model.init_hidden()
# fault: batch_first=True, ->
# fault: model(xb, h) -> model(xb)
# fault: nn.LSTM(emb, hidden -> nn.LSTM(hidden, hidden
# fault: torch.randint(0, 100, (24, 10)) -> torch.randn(24, 10)
# fault: torch.zeros(n, batch, self.hidden), -> torch.zeros(batch, n, self.hidden),
# fault: each.data -> each.dat
