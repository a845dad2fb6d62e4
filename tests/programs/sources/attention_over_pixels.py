import torch
import torch.nn as nn


class SelfAttentionCNN(nn.Module):
    def __init__(self, channels=32, heads=4, classes=6):
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, stride=2, padding=1)
        self.attn = nn.MultiheadAttention(embed_dim=channels, num_heads=heads, batch_first=True)
        self.norm = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.stem(x)
        b, c, h, w = x.shape
        seq = x.view(b, c, h * w).permute(0, 2, 1)
        mask = torch.zeros(h * w, h * w).masked_fill(torch.triu(torch.ones(h * w, h * w), 1).bool(), float('-inf'))
        out, weights = self.attn(seq, seq, seq, attn_mask=mask)
        seq = self.norm(seq + out)
        return self.head(seq.mean(dim=1))


m = SelfAttentionCNN()
pred = m(torch.randn(2, 3, 16, 16))
target = torch.tensor([1, 3])
loss = nn.functional.cross_entropy(pred, target)
loss.backward()

# fault: out, weights = self.attn(seq, seq, seq, attn_mask=mask) -> out = self.attn(seq, seq, seq, attn_mask=mask)
# fault: heads=4 -> heads=5
# fault: .permute(0, 2, 1) ->
# fault: torch.zeros(h * w, h * w) -> torch.zeros(h * w + 1, h * w + 1)
# fault: self.attn(seq, seq, seq, attn_mask=mask) -> self.attn(seq, attn_mask=mask)
# fault: self.attn(seq, seq, seq, attn_mask=mask) -> self.attn(seq, seq, seq, mask=mask)
# fault: attn_mask=mask) -> attn_mask=mask[:, :10])
# fault: attn_mask=mask) -> key_padding_mask=mask)
# fault: torch.tensor([1, 3]) -> torch.tensor([1, 3, 2])
# fault: torch.tensor([1, 3]) -> torch.tensor([1, 6])
# fault: torch.tensor([1, 3]) -> torch.tensor([1.0, 3.0])
# fault: nn.LayerNorm(channels) -> nn.LayerNorm([channels, 8])
# fault: x.view(b, c, h * w) -> x.view(b, h * w)
# fault: seq.mean(dim=1) -> seq.mean(dim=3)
# fault: num_heads=heads -> n_heads=heads
