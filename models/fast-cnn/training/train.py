"""train.py: teach the Fast CNN from mixtures made on the fly. Resumable; the newest checkpoint is always whole.

    python train.py --data DATA --noise NOISE_FOLDER --out ck.pt --minutes 60                 # two CPU cores: --processes 2
    python train.py ... --resume ck.pt --until 17:00                                        # go on, to end at that time
    python train.py ... --device cuda --batch 1024 --minutes 20

DATA is what teach.py wrote. On CPU: bfloat16 autocast and channels-last; `--processes 2` runs two one-thread processes that
average their gradients, which suffers less from other programs than two threads do. Preload tcmalloc where it is there.
The learning rate follows a cosine over the time given, or over --steps, after a short warm-up. With --steps a run that was cut off goes on where it
stood: the same command with --resume of its own checkpoint.
"""
import argparse
import copy
import datetime
import math
import os
import subprocess
import sys
import time
import numpy as np
import torch
import torch.distributed as dist
import torch.nn as nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from clock import Clock, save
from losses import Teacher, loss_fn
from mixer import Mixer, sounds
from network import FastCNN
from optim import Muon, split
from speech import Bank


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="folder written by teach.py")
    p.add_argument("--noise", nargs="*", default=[], help="folders of noises")
    p.add_argument("--rooms", nargs="*", default=[], help="folders of measured impulse responses")
    p.add_argument("--out", default="fast-cnn.pt")
    p.add_argument("--resume", default="")
    p.add_argument("--local", type=float, default=0.5, help="share of the chunk heard in the target; the rest is the speaker's centroid")
    p.add_argument("--minutes", type=float, default=60)
    p.add_argument("--until", default="", help="HH:MM at which to end, instead of --minutes")
    p.add_argument("--steps", type=int, default=0, help="how many steps the whole run has, over all that resume it; instead of a time")
    p.add_argument("--batch", type=int, default=96, help="mixtures a process a step")
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--class-lr", type=float, default=0.2, help="of the class vectors (plain SGD: rare speakers move little)")
    p.add_argument("--margin", type=float, default=0.15, help="at the end; it grows from half of it")
    p.add_argument("--w-teacher", type=float, default=0.3)
    p.add_argument("--w-class", type=float, default=0.25)
    p.add_argument("--w-act", type=float, default=3.0)
    p.add_argument("--freeze-stem", action="store_true", help="keep the stem as --resume has it (its average): a third more mixtures a second")
    p.add_argument("--embedding-only", action="store_true", help="train the embedding's layers alone: activity stays as --resume has it, four times the mixtures a second")
    p.add_argument("--activity-of", default="", help="checkpoint whose activity is the target, instead of the labels; of the same stem with --freeze-stem")
    p.add_argument("--freeze-norm", action="store_true", help="keep the running statistics of --resume: as the network runs, and less work")
    p.add_argument("--ema", type=float, default=0.998)
    p.add_argument("--warmup", type=int, default=200)
    p.add_argument("--processes", type=int, default=1)
    p.add_argument("--threads", type=int, default=0, help="a process; 0: cores / processes")
    p.add_argument("--device", default="cpu")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--save-minutes", type=float, default=3)
    p.add_argument("--rank", type=int, default=0, help=argparse.SUPPRESS)
    p.add_argument("--port", type=int, default=29517, help="for --processes")
    p.add_argument("--tag", default="", help="ignored: a mark for process lists")
    return p.parse_args()


class Sync:
    """Averages gradients, running statistics and the clock over processes, in one flat tensor."""

    def __init__(self, world, params, buffers):
        self.world, self.params, self.buffers = world, params, buffers

    @torch.no_grad()
    def __call__(self, done):
        if self.world == 1:
            return done
        parts = [p.grad for p in self.params] + self.buffers
        flat = torch.cat([x.reshape(-1) for x in parts] + [torch.tensor([done])])
        dist.all_reduce(flat)
        flat /= self.world
        torch._foreach_copy_(parts, [f.reshape(x.shape) for f, x in zip(flat[:-1].split([x.numel() for x in parts]), parts)])
        return flat[-1].item()


def frozen(layers):
    """A copy with its normalisation folded in, to be run without gradients."""
    out = copy.deepcopy(layers).eval()
    for layer in out.modules():
        if isinstance(layer, nn.Sequential) and len(layer) > 1 and isinstance(layer[1], nn.BatchNorm2d):
            layer[0], layer[1] = fuse_conv_bn_eval(layer[0], layer[1]), nn.Identity()
    return out.to(memory_format=torch.channels_last).requires_grad_(False)


def activity_of(path, net, kw):
    """The network of a checkpoint; error unless its stem is that of `net`, where one is given."""
    guide = FastCNN(**kw)
    guide.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["ema"])
    mine = net.stem.state_dict() if net else {}
    if any(not torch.equal(v, mine.get(n, v).cpu()) for n, v in guide.stem.state_dict().items()):
        raise SystemExit(f"--activity-of {path}: its stem differs from that of --resume. Leave out --freeze-stem")
    return guide


def hold(layers):
    """The layers keep their weights and statistics."""
    for layer in layers:
        layer.requires_grad_(False).eval()


def main():
    a = arguments()
    a.freeze_stem |= a.embedding_only
    others = []
    if a.processes > 1:
        if a.rank == 0:
            others = [subprocess.Popen([sys.executable, *sys.argv, "--rank", str(r)]) for r in range(1, a.processes)]
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(a.port), GLOO_SOCKET_IFNAME="lo")
        dist.init_process_group("gloo", rank=a.rank, world_size=a.processes, timeout=datetime.timedelta(hours=2))
    torch.set_num_threads(a.threads or max(1, (os.cpu_count() or 1) // a.processes))
    torch.manual_seed(a.seed)
    dev, lead = a.device, a.rank == 0
    bank = Bank.load(os.path.join(a.data, "bank.pt"))
    teacher = Teacher(os.path.join(a.data, "targets.npz"), a.local, dev)
    seconds = torch.from_numpy((bank.range[:, 1] - bank.range[:, 0]) / 50.0).float().to(dev)
    trust = (seconds / 6).clamp(0.15, 1)
    kw = dict(dim=teacher.C.shape[1])
    net, ema, classes = FastCNN(**kw).to(dev), FastCNN(**kw).to(dev), nn.Parameter(teacher.C.clone())
    step, resumed = 0, None
    if a.resume:
        k = resumed = torch.load(a.resume, map_location=dev, weights_only=True)
        step = k["step"]
        for n, name in ((net, "net"), (ema, "ema")):
            n.load_state_dict(k[name] if name in k else k["ema"])
        if "classes" in k and k["classes"].shape == classes.shape:
            classes.data.copy_(k["classes"])
    else:
        ema.load_state_dict(net.state_dict())
    mixer = Mixer(bank, *sounds(a.noise, a.rooms), seed=1000 * (a.seed + step) + a.rank, device=dev)
    held = lambda n: n.before_embedding() if a.embedding_only else [n.stem] if a.freeze_stem else []
    for layer, average in zip(held(net), held(ema)):
        layer.load_state_dict(average.state_dict())
    net = net.to(memory_format=torch.channels_last).train()
    for layer in net.modules() if a.freeze_norm else ():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    hold(held(net))
    stem = frozen(net.stem) if a.freeze_stem else None
    guide = frozen(activity_of(a.activity_of, net if a.freeze_stem else None, kw).to(dev)) if a.activity_of else None
    floats = lambda n: [v for v in n.state_dict().values() if v.dtype.is_floating_point]
    matrices, rest = split(net)
    share = (a.rank, a.processes)
    muon = Muon(matrices, share=share, gather=dist.all_reduce if a.processes > 1 else None)
    adam = torch.optim.AdamW(rest, lr=a.lr, weight_decay=0, betas=(0.9, 0.98), foreach=True)
    if resumed and "adam" in resumed and len(resumed["muon"]) == len(muon.m):
        for m, v in zip(muon.m, resumed["muon"]):
            m.copy_(v)
        adam.load_state_dict(resumed["adam"])
    sync = Sync(a.processes, [*matrices, *rest, classes], [b for b in net.buffers() if b.dtype.is_floating_point and b.ndim == 1])
    half = lambda: torch.autocast(dev.split(":")[0], torch.bfloat16)
    begun = resumed.get("begun", step) if resumed and a.steps else step   # the step at which the schedule began
    clock, first, run, last = Clock(a.minutes, a.until), step, {}, time.time()
    progress = lambda: (step - begun) / a.steps if a.steps else clock.done()
    done = progress()

    def checkpoint():
        if lead:
            save(a.out, net=net.state_dict(), ema=ema.state_dict(), classes=classes.data, muon=muon.m, adam=adam.state_dict(), step=step, begun=begun, kw=kw)

    while done < 1:
        warm = min(1, (step - first + 1) / a.warmup)
        rate = warm * (0.5 * (1 + math.cos(math.pi * done)) * 0.99 + 0.01)
        y, act, spk, heard = mixer.batch(a.batch)
        with torch.no_grad():
            m = net.front(y, True).contiguous(memory_format=torch.channels_last)
            if stem:
                with half():
                    m = stem(m)
        with half(), torch.set_grad_enabled(not a.embedding_only):
            h = net.body(m) if stem else net.trunk(m)
        with half(), torch.no_grad():
            seen = guide and (guide.body(m) if stem else guide.trunk(m)).float()
        loss, d = loss_fn(*net.heads(h.float()), act, spk, classes, teacher(spk, heard), trust, margin=a.margin * (0.5 + 0.5 * done),
                          w_act=a.w_act, w_teacher=a.w_teacher, w_class=a.w_class, guide=guide and guide.heads(seen)[1])
        net.zero_grad(set_to_none=True)
        classes.grad = None
        loss.backward()
        done = sync(progress())
        nn.utils.clip_grad_norm_([*matrices, *rest], 5.0)
        for g in adam.param_groups:
            g["lr"] = rate * a.lr
        adam.step()
        muon.step(rate * a.lr)
        with torch.no_grad():
            classes.sub_(classes.grad, alpha=rate * a.class_lr)
        step += 1
        done = progress() if a.steps else done
        decay = min(a.ema, (step - first + 10) / (step - first + 40))
        if lead:
            with torch.no_grad():
                torch._foreach_lerp_(floats(ema), floats(net), 1 - decay)
        for n, v in d.items():
            run[n] = run.get(n, v) * 0.98 + v * 0.02
        if lead and (step % 50 == 0 or step == first + 5):
            print(f"{clock.minutes():.1f} min, {100 * done:.1f} %, step {step}, {(step - first) * a.batch * a.processes / clock.minutes() / 60:.0f}/s, "
                  + ", ".join(f"{n} {v:.3f}" for n, v in run.items()), flush=True)
        if time.time() - last > 60 * a.save_minutes:
            checkpoint()
            last = time.time()
    checkpoint()
    for o in others:
        o.wait()


if __name__ == "__main__":
    main()
