"""The reference networks that are no perceptrons, as users of PyTorch write them."""

import torch
import torch.nn.functional as F

LENGTH, VOCABULARY, WIDTH, DEPTH, HEADS = 64, 65, 128, 4, 4


def cnn() -> torch.nn.Module:
    """Two convolutions, a max-pooling and a perceptron on 28 x 28 images."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10),
    )


class Block(torch.nn.Module):
    """Causal attention and a perceptron, each added to its normalised input."""

    def __init__(self):
        super().__init__()
        self.norm1 = torch.nn.LayerNorm(WIDTH, bias=False)
        self.qkv = torch.nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = torch.nn.Linear(WIDTH, WIDTH, bias=False)
        self.norm2 = torch.nn.LayerNorm(WIDTH, bias=False)
        self.expand = torch.nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.project = torch.nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        parts = self.qkv(self.norm1(x)).split(width, dim=2)
        query, key, value = (
            part.view(batch, length, HEADS, width // HEADS).transpose(1, 2) for part in parts
        )
        found = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.out(found.transpose(1, 2).reshape(batch, length, width))
        return x + self.project(F.gelu(self.expand(self.norm2(x))))


class GPT(torch.nn.Module):
    """A language model whose head shares the token embedding's matrix."""

    def __init__(self):
        super().__init__()
        self.tokens = torch.nn.Embedding(VOCABULARY, WIDTH)
        self.positions = torch.nn.Embedding(LENGTH, WIDTH)
        self.blocks = torch.nn.Sequential(*[Block() for _ in range(DEPTH)])
        self.norm = torch.nn.LayerNorm(WIDTH, bias=False)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                torch.nn.init.normal_(parameter, std=0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        scores = F.linear(self.norm(self.blocks(x)), self.tokens.weight)
        return scores.flatten(0, 1)


def batch(case: str, count: int) -> tuple:
    """A fixed random batch."""
    generator = torch.Generator().manual_seed(0)
    if case == "cnn":
        images = torch.randn(count, 1, 28, 28, generator=generator)
        return images, torch.randint(0, 10, (count,), generator=generator)
    tokens = torch.randint(0, VOCABULARY, (count, LENGTH + 1), generator=generator)
    return tokens[:, :-1].contiguous(), tokens[:, 1:].flatten()


def adamw(model: torch.nn.Module) -> torch.optim.Optimizer:
    """AdamW that decays matrices only."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0}]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
