"""What the segmenter is trained for: the posteriors of its classes, in the best order of its local speakers."""
import torch
import torch.nn.functional as F
from network import PERMUTATIONS, POWERSET

SPOKEN = torch.tensor(POWERSET, dtype=torch.float32)                    # [7, 3]


def powerset(active):
    """Who speaks, bool [..., 3] with at most two at once -> index of the class [...]."""
    table = torch.zeros(8, dtype=torch.long)
    for i, row in enumerate(POWERSET):
        table[int(row @ [1, 2, 4])] = i
    return table[(active.long() * torch.tensor([1, 2, 4])).sum(-1)]


def hard_targets(active, smooth=0.03):
    """bool [N, T, 3] -> posteriors [N, T, 7], a little of them spread over all classes."""
    return F.one_hot(powerset(active), len(POWERSET)).float() * (1 - smooth) + smooth / len(POWERSET)


def segmentation_loss(logits, target, w_speech=0.5):
    """Cross entropy to target posteriors [N, T, 7] under each window's best order of local speakers, and of speech against silence.

    -> loss, {name: value}; "wrong" is the share of frames whose most probable class is not the target's.
    """
    lp = F.log_softmax(logits, -1)
    orders = torch.stack([-(target[:, :, p] * lp).sum(-1).mean(1) for p in PERMUTATIONS])  # [6, N]
    ce, best = orders.min(0)
    silence, t0 = lp[..., 0], target[..., 0]
    speech = torch.log1p(-silence.exp().clamp(max=1 - 1e-5))
    bce = -(t0 * silence + (1 - t0) * speech).mean(1)
    with torch.no_grad():
        matched = torch.stack([t[:, p] for t, p in zip(target, PERMUTATIONS[best])])
        wrong = (matched.argmax(-1) != lp.argmax(-1)).float().mean()
        vad = ((t0 > 0.5) != (silence > -0.6931)).float().mean()
    return (ce + w_speech * bce).mean(), dict(ce=ce.mean().item(), bce=bce.mean().item(), wrong=wrong.item(), vad=vad.item())
