"""Muon for the matrices, AdamW for the rest."""
import torch

QUINTIC = ((4.0848, -6.8946, 2.9270), (3.9505, -6.3029, 2.6377), (3.7418, -5.5913, 2.3037), (2.8769, -3.1427, 1.2046), (2.8366, -3.0525, 1.2012))


def orthogonal(g, dtype=torch.bfloat16):
    """[o, i] -> the nearest matrix with all singular values about one (Newton-Schulz, quintic)."""
    x = g.to(dtype)
    flip = x.shape[0] > x.shape[1]
    x = x.t() if flip else x
    x = x / (x.norm() * 1.01 + 1e-7)
    for a, b, c in QUINTIC:
        s = x @ x.t()
        x = a * x + (b * s + c * (s @ s)) @ x
    return (x.t() if flip else x).float()


class Muon:
    """Nesterov momentum, made orthogonal, scaled to the RMS that AdamW's steps have (0.2); decoupled weight decay.

    Convolutions count as [out, in * kernel]. `share` = (rank, world): each process makes only its part orthogonal;
    `gather` then sums one flat tensor over processes.
    """

    def __init__(self, params, momentum=0.95, decay=0.05, share=(0, 1), gather=None):
        self.params = list(params)
        self.m = [torch.zeros_like(p) for p in self.params]
        self.momentum, self.decay, self.share, self.gather = momentum, decay, share, gather
        order = sorted(range(len(self.params)), key=lambda i: -self.params[i].numel())
        self.mine = {k for j, k in enumerate(order) if j % share[1] == share[0]}

    @torch.no_grad()
    def step(self, lr):
        torch._foreach_mul_(self.m, self.momentum)
        torch._foreach_add_(self.m, [p.grad for p in self.params])
        out = []
        for i, (p, m) in enumerate(zip(self.params, self.m)):
            if i in self.mine:
                g = (p.grad + self.momentum * m).reshape(len(p), -1)
                out.append((orthogonal(g) * (0.2 * max(g.shape) ** 0.5)).reshape(-1))
            else:
                out.append(torch.zeros(p.numel(), device=p.device))
        flat = torch.cat(out)
        if self.gather:
            self.gather(flat)
        ups = [u.reshape(p.shape) for u, p in zip(flat.split([p.numel() for p in self.params]), self.params)]
        torch._foreach_mul_(self.params, 1 - lr * self.decay)
        torch._foreach_add_(self.params, ups, alpha=-lr)


def split(net):
    """-> parameters for Muon (matrices of at least 16 rows and columns) and for AdamW."""
    big = lambda p: p.ndim > 1 and min(len(p), p[0].numel()) >= 16
    ps = [p for p in net.parameters() if p.requires_grad]
    return [p for p in ps if big(p)], [p for p in ps if not big(p)]
