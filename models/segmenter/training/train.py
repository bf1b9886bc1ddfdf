"""train.py: teach the segmenter from conversations simulated on the fly and from real talk with the teacher's posteriors. Resumable at any time.

    python train.py --data DATA --out ck.pt --until 21:00                     # DATA: what prepare.py wrote
    python train.py ... --resume ck.pt                                        # go on; also from a checkpoint without attention or levels

Four windows in ten are real talk, half of them as they were recorded. A pool of simulated windows in rooms is renewed bit by bit: each is used about twice, with other noise, line and level.
On CPU: bfloat16 autocast and channels-last; preload tcmalloc where it is there. The learning rate follows a cosine over the time given.
"""
import argparse
import math
import os
import time
import paths  # noqa: F401
import numpy as np
import torch
import torch.nn as nn
from clock import Clock, save
from conversations import PAST, SAMPLES, Conversations
from losses import hard_targets, segmentation_loss
from network import FRAME, FRAMES, POWERSET, RATE, SPEAKERS, WINDOW, Segmenter, from_start
from optim import Muon, split
from rooms import noise_track
from sounds import babble, line, music, noises, seats, signals, track
from speech import Bank


class Mixer:
    """batch(n) -> audio float32 [n, 160000], target posteriors [n, 500, 7]."""

    def __init__(self, data, seed=0, pool=512, share=0.4, rooms=120, dense=0.0, quiet=0.0):
        self.r = np.random.default_rng(seed)
        bank = Bank.load(os.path.join(data, "bank.pt"))
        self.talk = Conversations(bank, torch.load(os.path.join(data, "groups.pt"), weights_only=True), seed, dense, quiet)
        self.measured = np.load(os.path.join(data, "rooms.npy"))
        noise = np.load(os.path.join(data, "noise.npy"))
        r = self.r
        self.sounds = [torch.from_numpy(x) for x in (
            noise_track(r, noise if len(noise) else None, minutes=12).numpy(), track(lambda n, g: babble(self.talk, n, g), 180, r),
            track(music, 240, r), track(signals, 120, r))]
        self.noises = torch.from_numpy(track(noises, 480, r))
        self.rooms = [self.room() for _ in range(rooms)]
        real = os.path.join(data, "talk.npy")
        self.real = torch.from_numpy(np.load(real)) if os.path.exists(real) else torch.zeros(0, WINDOW, dtype=torch.int16)
        self.posteriors = torch.from_numpy(np.load(os.path.join(data, "talk-targets.npy"))) if len(self.real) else None
        self.share = share if len(self.real) else 0
        self.pool, self.active = torch.zeros(pool, WINDOW, dtype=torch.int16), torch.zeros(pool, FRAMES, SPEAKERS, dtype=torch.bool)
        self.filled = 0

    def room(self):
        return torch.fft.rfft(torch.from_numpy(seats(SPEAKERS, self.r, self.measured)), SAMPLES)

    def renew(self, n):
        """n more simulated windows in rooms into the pool."""
        r = self.r
        for _ in range(n):
            tracks, active = self.talk.window()
            y = torch.from_numpy(tracks)
            if len(y) and r.random() < 0.85:
                H = self.rooms[r.integers(len(self.rooms))]
                y = torch.fft.irfft(torch.fft.rfft(y) * H[:len(y)], SAMPLES)
            y = y.sum(0)[PAST * FRAME:] if len(y) else torch.zeros(WINDOW)
            i = self.filled if self.filled < len(self.pool) else int(r.integers(len(self.pool)))
            self.filled = min(self.filled + 1, len(self.pool))
            self.pool[i] = (y.clamp(-1, 1) * 32767).to(torch.int16)
            self.active[i] = torch.from_numpy(active)
        if r.random() < 0.3:
            self.rooms[r.integers(len(self.rooms))] = self.room()

    def sound(self):
        """[160000] of something that is nobody's, RMS about one where it sounds; perhaps only for a while."""
        r = self.r
        x = self.sounds[r.choice(len(self.sounds), p=[0.72, 0.1, 0.11, 0.07])]
        o = int(r.integers(0, len(x) - WINDOW))
        y = x[o:o + WINDOW].float() / 3277
        if r.random() < 0.4:                                            # in a room, as the speech is
            y = self.in_a_room(y)
        y = y / (y.pow(2).mean().sqrt() + 1e-3)
        if r.random() < 0.3:
            a, b = sorted(r.integers(0, WINDOW, 2))
            e = torch.zeros(WINDOW)
            e[a:b] = 1
            y = y * e
        return y

    def in_a_room(self, y):
        """[160000] as one of the rooms lets it be heard, with silence before it."""
        H = self.rooms[self.r.integers(len(self.rooms))][0]
        return torch.fft.irfft(torch.fft.rfft(torch.nn.functional.pad(y, (SAMPLES - WINDOW, 0))) * H, SAMPLES)[SAMPLES - WINDOW:]

    def events(self):
        """[160000] of short noises, made up or cut from recorded ones; mostly in a room, as the speech is."""
        r = self.r
        if r.random() < 0.4:
            o = int(r.integers(0, len(self.noises) - WINDOW))
            y = self.noises[o:o + WINDOW].float()
        else:
            x, e = self.sounds[0], np.zeros(WINDOW, np.float32)
            for _ in range(r.integers(1, 8)):
                n = int(np.clip(r.lognormal(np.log(0.4), 0.9), 0.05, 4) * RATE)
                a, edge = int(r.integers(-n // 2, WINDOW - n // 2)), int(n * r.uniform(0.05, 0.5))
                lo, hi = max(0, a), min(WINDOW, a + n)
                shape = np.minimum(1, np.minimum(np.arange(n) + 1, n - np.arange(n)) / edge)[lo - a:hi - a]
                e[lo:hi] = np.maximum(e[lo:hi], shape * 10 ** (r.uniform(-15, 0) / 20))
            o = int(r.integers(0, len(x) - WINDOW))
            y = x[o:o + WINDOW].float() * torch.from_numpy(e)
        if r.random() < 0.6:
            y = self.in_a_room(y)
        return y

    def disturb(self, y, speech, plain):
        """Noise, line, loudness. y [n, 160000]; speech [n, 500] probability that somebody speaks; plain [n]: loudness alone."""
        r, n = self.r, len(y)
        share = speech.mean(1, keepdim=True)
        level = torch.where(share > 0.03, (y.pow(2).mean(1, keepdim=True) / share.clamp(min=0.03)).sqrt().clamp(min=0.01), 0.05)
        for i in np.flatnonzero(~plain):
            snr = r.uniform(22, 55) if r.random() < 0.45 else r.uniform(0, 25)
            y[i] += self.sound() * level[i] * 10 ** (-snr / 20)
            if r.random() < 0.3:
                y[i] += self.sound() * level[i] * 10 ** (-r.uniform(0, 30) / 20)
            if r.random() < 0.7:                                        # the loudest moment of short noises, against speech
                e = self.events()
                y[i] += e / (e.abs().max() + 1e-6) * (3 * level[i] * 10 ** (-r.uniform(0, 40) / 20))
        if r.random() < 0.5:
            y += torch.randn_like(y) * level * torch.tensor(10 ** (-r.uniform(20, 60, (n, 1)) / 20), dtype=torch.float32) * torch.from_numpy(~plain)[:, None]
        kind = np.where(plain, 1, r.random(n))
        phone, dull = np.flatnonzero(kind < 0.35), np.flatnonzero((kind >= 0.35) & (kind < 0.5))
        if len(phone):
            y[phone] = line(y[phone], r)
        if len(dull):
            f = torch.fft.rfftfreq(WINDOW, 1 / 16000)
            H = 1 / (1 + (f / torch.tensor(r.uniform(1500, 7000, (len(dull), 1)), dtype=torch.float32)) ** r.choice([4, 12]))
            y[dull] = torch.fft.irfft(torch.fft.rfft(y[dull]) * H, WINDOW)
        loud = torch.tensor(10 ** (r.uniform(-28, 3, (n, 1)) / 20), dtype=torch.float32)
        return (y / level.clamp(min=0.02) * 0.08 * loud).clamp(-1, 1)

    def batch(self, n):
        r = self.r
        real = int(round(n * self.share))
        plain = (np.arange(n) >= n - real) & (r.random(n) < 0.5)        # real talk as it was recorded: what lies between its words is real too
        self.renew(len(self.pool) if not self.filled else (n - real + 1) // 2)
        i = torch.from_numpy(r.integers(0, self.filled, n - real))
        y, target = self.pool[i].float() / 32768, hard_targets(self.active[i])
        if real:
            j = torch.from_numpy(r.integers(0, len(self.real), real))
            t = self.real[j].float() / 32768
            for k in np.flatnonzero(~plain[n - real:] & (r.random(real) < 0.6)):
                t[k] = self.in_a_room(t[k])
            y, target = torch.cat([y, t]), torch.cat([target, self.posteriors[j].float()])
        return self.cut(self.disturb(y, 1 - target[..., 0], plain), target)

    def cut(self, y, target, share=0.12):
        """Some windows begin before their recording does, or end after it: digital silence there, and nobody."""
        target = target.clone()
        for i in np.flatnonzero(self.r.random(len(y)) < share):
            at = int(self.r.integers(25, FRAMES - 25))
            out = slice(0, at) if self.r.random() < 0.7 else slice(at, FRAMES)
            y[i, out.start * FRAME:out.stop * FRAME] = 0
            target[i, out] = torch.nn.functional.one_hot(torch.tensor(0), len(POWERSET)).float()
        return y, target


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--out", default="segmenter.pt")
    p.add_argument("--resume", default="")
    p.add_argument("--minutes", type=float, default=60)
    p.add_argument("--until", default="", help="HH:MM at which to end, instead of --minutes")
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--warmup", type=int, default=100)
    p.add_argument("--ema", type=float, default=0.997)
    p.add_argument("--dense", type=float, default=0.0, help="share of the simulated windows in which people often speak at the same time")
    p.add_argument("--quiet", type=float, default=0.0, help="share of the simulated windows in which nobody speaks, or one person for a moment")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--save-minutes", type=float, default=2)
    p.add_argument("--keep-minutes", type=float, default=15, help="between numbered copies of the averaged weights")
    return p.parse_args()


def main():
    a = arguments()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    net, ema, step, resumed = Segmenter(), Segmenter(), 0, None
    if a.resume:
        k = torch.load(a.resume, map_location="cpu", weights_only=True)
        if "ema" in k:
            resumed, step = k, k["step"]
            net.load_state_dict(k.get("net", k["ema"]))
            ema.load_state_dict(k["ema"])
        else:                                                           # bare weights, perhaps without attention or levels
            net.load_state_dict(from_start(k, net))
            ema.load_state_dict(net.state_dict())
    else:
        ema.load_state_dict(net.state_dict())
    mixer = Mixer(a.data, seed=1000 * a.seed + step, dense=a.dense, quiet=a.quiet)
    net = net.to(memory_format=torch.channels_last).train()
    ema.eval()
    matrices, rest = split(net)
    muon = Muon(matrices)
    adam = torch.optim.AdamW(rest, lr=a.lr, weight_decay=0, betas=(0.9, 0.98), foreach=True)
    if resumed and "adam" in resumed:
        for m, v in zip(muon.m, resumed["muon"]):
            m.copy_(v)
        adam.load_state_dict(resumed["adam"])
    floats = lambda n: [v for v in n.state_dict().values() if v.dtype.is_floating_point]
    same = resumed is not None and a.until and resumed.get("until") == a.until and time.time() - resumed["began"] < 80000
    clock, first, run, last, kept, done = Clock(a.minutes, a.until, resumed["began"] if same else None), step, {}, time.time(), time.time(), 0.0

    began = time.time()

    def checkpoint():
        save(a.out, net=net.state_dict(), ema=ema.state_dict(), muon=muon.m, adam=adam.state_dict(), step=step, kw={}, began=clock.start, until=a.until)

    while done < 1:
        rate = a.lr * min(1, (step - first + 1) / a.warmup) * (0.5 * (1 + math.cos(math.pi * done)) * 0.99 + 0.01)
        y, target = mixer.batch(a.batch)
        with torch.no_grad():
            m, levels = net.front(y)
            m = m.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net.body(m, levels)
        loss, d = segmentation_loss(logits.float(), target)
        net.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([*matrices, *rest], 5.0)
        for g in adam.param_groups:
            g["lr"] = rate
        adam.step()
        muon.step(rate)
        step += 1
        decay = min(a.ema, (step - first + 10) / (step - first + 40))
        with torch.no_grad():
            torch._foreach_lerp_(floats(ema), floats(net), 1 - decay)
        for n, v in d.items():
            run[n] = run.get(n, v) * 0.98 + v * 0.02
        done = clock.done()
        if step % 25 == 0 or step == first + 3:
            print(f"{clock.minutes():.1f} min, {100 * done:.1f} %, step {step}, {(time.time() - began) / (step - first):.2f} s a step, "
                  + ", ".join(f"{n} {v:.3f}" for n, v in run.items()), flush=True)
        if time.time() - last > 60 * a.save_minutes:
            checkpoint()
            last = time.time()
        if time.time() - kept > 60 * a.keep_minutes:
            save(f"{os.path.splitext(a.out)[0]}-{step:06d}.pt", ema=ema.state_dict(), step=step, kw={})
            kept = time.time()
    checkpoint()


if __name__ == "__main__":
    main()
