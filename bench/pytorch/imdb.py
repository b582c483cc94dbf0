"""The seed job in PyTorch with Keras 3's conventions, to compare distributions of results (CPU, float32).

    python bench/pytorch/imdb.py FOLDER SEED   # FOLDER as written by export.mjs
"""

import sys

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, embedding

folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
V, E, U, T = 10_000, 32, 32, 500
raw = lambda name, dtype: torch.frombuffer(bytearray(open(f"{folder}/{name}", "rb").read()), dtype=dtype)
x = raw("train.x", torch.int32).view(-1, T).long()
y = raw("train.y", torch.uint8).float()

# Keras's initialisers: uniform embeddings, Glorot kernels, an orthogonal recurrent kernel, zero biases.
uniform = lambda limit, *shape: torch.empty(*shape).uniform_(-limit, limit)
embeddings = uniform(0.05, V, E)
kernel = uniform((6 / (E + U)) ** 0.5, E, U)
recurrent = torch.nn.init.orthogonal_(torch.empty(U, U))
bias = torch.zeros(U)
head = uniform((6 / (U + 1)) ** 0.5, U, 1)
head_bias = torch.zeros(1)
weights = [embeddings, kernel, recurrent, bias, head, head_bias]
velocities = [torch.zeros_like(w) for w in weights]
for w in weights:
    w.requires_grad_(True)


def logits(tokens):
    parameters = [kernel.t(), recurrent.t(), bias, torch.zeros(U)]
    start = torch.zeros(1, tokens.shape[0], U)
    _, h = torch._VF.rnn_tanh(embedding(tokens, embeddings), start, parameters, True, 1, 0.0, True, False, True)
    return (h[0] @ head + head_bias)[:, 0]


for epoch in range(10):
    order = torch.randperm(20_000)
    total = 0.0
    for begin in range(0, 20_000, 128):
        rows = order[begin : begin + 128]
        loss = binary_cross_entropy_with_logits(logits(x[rows]), y[rows])
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            # Keras 3's RMSprop: the epsilon is inside the root.
            for w, v, g in zip(weights, velocities, gradients):
                v.mul_(0.9).addcmul_(g, g, value=0.1)
                w.sub_(0.001 * g / torch.sqrt(v + 1e-7))
        total += loss.item() * len(rows)
    with torch.no_grad():
        right = sum(
            ((logits(x[b : b + 500]) > 0).float() == y[b : b + 500]).sum().item() for b in range(20_000, 25_000, 500)
        )
    print(f"seed {seed} epoch {epoch + 1}: loss {total / 20_000:.4f}, val_acc {right / 5_000:.4f}", flush=True)
