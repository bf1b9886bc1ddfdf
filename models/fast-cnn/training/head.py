"""head.py CHECKPOINT OUT --data DATA: a network of another teacher with a new last layer, fitted by least squares, to go on from with train.py --resume OUT.

The quickest way of a trained trunk into another space. DATA is what teach.py wrote.
"""
import argparse
import os
import torch
from clock import save
from losses import Teacher
from mixer import Mixer, sounds
from network import FastCNN
from speech import Bank


@torch.no_grad()
def fit_head(net, mixer, teacher, mixtures=24000, batch=192, ridge=1e-3):
    """Sets `net.out` so that it maps the pooled features of single voices to the teacher's targets; -> mean cosine on the last tenth, which is not fitted on."""
    was = net.training
    net.eval()
    X, Y = [], []
    for _ in range(-(-mixtures // batch)):
        y, act, spk, heard = mixer.batch(batch)
        with torch.autocast(y.device.type, torch.bfloat16):
            h = net.trunk(net.front(y, True))
        pooled, _, activity = net.pooled(h.float())
        alone = (act.sum(1) >= 25) & (act.flip(2).sum(1) == 0)          # [B, 2]: one voice for half a second at least, and no other
        row, voice = alone.nonzero().t()
        slot = activity.reshape(batch, 50, 2).sum(1).argmax(1)[row]
        X.append(pooled[row, slot])
        Y.append(teacher(spk, heard)[row, voice])
    X, Y = torch.cat(X).double(), torch.cat(Y).double()
    n = len(X) * 9 // 10
    mean, scale = X[:n].mean(0), X[:n].std(0) + 1e-6
    Z = (X - mean) / scale
    A, goal = Z[:n], Y[:n].mean(0)
    w = torch.linalg.solve(A.t() @ A + ridge * n * torch.eye(A.shape[1], dtype=A.dtype, device=A.device), A.t() @ (Y[:n] - goal))
    net.out.weight.copy_((w / scale[:, None]).t())
    net.out.bias.copy_(goal - (mean / scale) @ w)
    net.train(was)
    return torch.nn.functional.cosine_similarity(net.out(X[n:].float()), Y[n:].float()).mean().item()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checkpoint")
    p.add_argument("out")
    p.add_argument("--data", required=True)
    p.add_argument("--noise", nargs="*", default=[])
    p.add_argument("--rooms", nargs="*", default=[])
    p.add_argument("--local", type=float, default=0.5, help="share of the chunk heard in the target")
    p.add_argument("--mixtures", type=int, default=24000)
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    teacher = Teacher(os.path.join(a.data, "targets.npz"), a.local, "cpu")
    k = torch.load(a.checkpoint, map_location="cpu", weights_only=True)
    kw = {**k["kw"], "dim": teacher.C.shape[1]}
    net = FastCNN(**kw)
    net.load_state_dict({**k["ema"], "out.weight": net.out.weight, "out.bias": net.out.bias})
    mixer = Mixer(Bank.load(os.path.join(a.data, "bank.pt")), *sounds(a.noise, a.rooms), seed=1)
    print(f"mean cosine to the target {fit_head(net, mixer, teacher, a.mixtures):.3f}")
    save(a.out, ema=net.state_dict(), step=k["step"], kw=kw)


if __name__ == "__main__":
    main()
