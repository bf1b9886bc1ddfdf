"""What the network is trained for: activity, the teacher's space, and telling speakers apart."""
import numpy as np
import torch
import torch.nn.functional as F


class Teacher:
    """The target of every voice in a window: between the speaker's centroid and what the teacher says of the chunks heard (share `local`)."""

    def __init__(self, path, local, device):
        k = np.load(path)
        self.C, self.local = torch.from_numpy(k["C"]).to(device), local
        self.L = torch.from_numpy(np.pad(k["L"], ((0, 1), (0, 0)))).to(device)  # the last row, -1, is silence

    def __call__(self, spk, heard):
        """[B, 2], [B, 2, 10] -> [B, 2, d], unit length."""
        here = F.normalize(self.L[heard].sum(2), dim=2)
        return F.normalize((1 - self.local) * self.C[spk] + self.local * here, dim=2)


def loss_fn(e, logits, act, spk, classes, goal, trust, scale=24.0, margin=0.15, w_act=3.0, w_teacher=1.0, w_class=0.25, guide=None):
    """Per slot, in the better of the two orders of slots (by activity, and by the teacher's embeddings):

    - binary cross-entropy of the activity; with a `guide`, another network's activity [B, 50, 2], to that, slot by slot;
    - cosine to the teacher's embedding of the voice, as far as that can be trusted (speakers with few words: little);
    - softmax with an additive margin over all class vectors, which begin as the centroids and may move.

    e, goal [B, 2, d] unit length; logits, act [B, 50, 2]; spk [B, 2]; classes [speakers, d]; trust [speakers].
    A voice counts from 0.16 s of speech in the window and fully from 0.5 s. -> loss, {name: value}.
    """
    B = len(e)
    dur = act.sum(1)
    wt = (dur >= 8).float() * (dur / 25).clamp(max=1)                   # [B, 2]
    bce = lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none").mean(1).sum(1)
    b0, b1 = bce(logits, act), bce(logits.flip(2), act)
    sim = torch.matmul(e, goal.transpose(1, 2))                         # [B, slot, voice]
    g = (sim * wt[:, None]).detach()
    swap = (b1 - 0.5 * (g[:, 1, 0] + g[:, 0, 1])) < (b0 - 0.5 * (g[:, 0, 0] + g[:, 1, 1]))
    b = (torch.where(swap, b1, b0) if guide is None else bce(logits, guide)).mean()
    near = torch.where(swap[:, None], torch.stack([sim[:, 1, 0], sim[:, 0, 1]], 1), torch.stack([sim[:, 0, 0], sim[:, 1, 1]], 1))
    v = wt * trust[spk]
    away = ((1 - near) * v).sum() / v.sum().clamp(min=1)
    keep = wt.reshape(-1).nonzero()[:, 0]                               # only slots that count reach the softmax
    x = torch.where(swap[:, None, None], e.flip(1), e).reshape(2 * B, -1)[keep]
    y, w = spk.reshape(-1)[keep], wt.reshape(-1)[keep]
    cos = x @ F.normalize(classes, dim=1).t()
    own = cos.gather(1, y[:, None])
    W = w.sum().clamp(min=1)
    ce = (F.cross_entropy(cos.scatter(1, y[:, None], own - margin).float() * scale, y, reduction="none") * w).sum() / W
    with torch.no_grad():
        acc = ((cos.argmax(1) == y).float() * w).sum() / W
    return w_act * b + w_teacher * away + w_class * ce, dict(bce=b.item(), cos=1 - away.item(), ce=ce.item(), acc=acc.item())
