"""Speech for training: a packed corpus or a folder of one's own, and the bank of all speakers' levelled speech."""
import collections
import csv
import os
import numpy as np
import scipy.signal as ss
import soundfile as sf
import torch

RATE = 16000
FRAME = 320                                                             # samples in 20 ms
SPEEDS = ((1, 1), (10, 9), (10, 11))                                    # resampling up/down: as recorded, slower, faster


def at_rate(x, rate):
    """Samples [n] at `rate` Hz -> at 16 kHz, float32."""
    if rate == RATE:
        return x.astype(np.float32)
    g = np.gcd(rate, RATE)
    return ss.resample_poly(x, RATE // g, rate // g).astype(np.float32)


def read(path):
    """-> float32 [n] at 16 kHz, mono."""
    x, rate = sf.read(path, dtype="float32", always_2d=True)
    return at_rate(x.mean(1), rate)


def to_int16(x):
    return (np.clip(x, -1, 1) * 32767).astype(np.int16)


def load_packed(root):
    """{speaker: [int16 pieces]} from root/index.tsv (file, start_s, end_s, speaker)."""
    rows = collections.defaultdict(list)
    with open(os.path.join(root, "index.tsv")) as f:
        for r in csv.DictReader(f, delimiter="\t"):
            rows[r["file"]].append((float(r["start_s"]), float(r["end_s"]), r["speaker"]))
    pieces = collections.defaultdict(list)
    for name, parts in rows.items():
        x, rate = sf.read(os.path.join(root, name), dtype="int16", always_2d=True)
        assert rate == RATE, (name, rate)
        for a, b, s in parts:
            if b - a >= 0.25:
                pieces[s].append(x[int(a * RATE):int(b * RATE), 0])
    return pieces


def load_folder(root):
    """{speaker: [int16 pieces]} from root/SPEAKER/**: anything soundfile reads, any rate, cut at pauses over 0.3 s."""
    pieces = collections.defaultdict(list)
    for speaker in sorted(e.name for e in os.scandir(root) if e.is_dir()):
        for folder, _, names in os.walk(os.path.join(root, speaker)):
            for name in sorted(names):
                if not name.lower().endswith((".wav", ".flac", ".ogg", ".opus", ".mp3")):
                    continue
                x, rate = sf.read(os.path.join(folder, name), dtype="float32", always_2d=True)
                x = to_int16(at_rate(x.mean(1), rate))
                for a, b in zip(*runs(speech_frames(x, 15))):
                    if b - a >= 13:
                        pieces[speaker].append(x[max(0, a - 2) * FRAME:(b + 2) * FRAME])
    return pieces


def load_speech(root):
    """A packed corpus when it has an index.tsv, a folder of folders otherwise."""
    return load_packed(root) if os.path.exists(os.path.join(root, "index.tsv")) else load_folder(root)


def load_noise(folder):
    """Every sound in `folder` at RMS 0.1, one after the other: int16 [n]. None when there is none."""
    out = []
    for name in sorted(os.listdir(folder)) if folder and os.path.isdir(folder) else []:
        if name.lower().endswith((".wav", ".flac", ".ogg", ".opus", ".mp3")):
            x, rate = sf.read(os.path.join(folder, name), dtype="float32", always_2d=True)
            x = at_rate(x.mean(1), rate)
            out.append(to_int16(x * 0.1 / np.sqrt((x * x).mean() + 1e-12)))
    return np.concatenate(out) if out else None


def runs(b):
    """bool [n] -> starts, ends of its runs of True."""
    d = np.flatnonzero(np.diff(np.r_[0, b.astype(np.int8), 0]))
    return d[::2], d[1::2]


def speech_frames(x, close=10):
    """Energy-based activity of clean speech int16 [n]: bool per 20 ms; gaps under `close` frames filled, islands under 60 ms dropped."""
    n = len(x) // FRAME
    f = x[:n * FRAME].astype(np.float32).reshape(n, FRAME)
    e = 10 * np.log10((f * f).mean(1) + 1.0)
    hi, lo = np.percentile(e, 95), np.percentile(e, 5)
    v = e > max(hi - 32, min(lo + 10, hi - 12))
    s, t = runs(v)
    for a, b in zip(t[:-1], s[1:]):
        if b - a < close:
            v[a:b] = True
    s, t = runs(v)
    for a, b in zip(s, t):
        if b - a < 3:
            v[a:b] = False
    return v


def with_speeds(pieces, speeds=SPEEDS):
    """Every speaker also slower and faster, as further speakers (resampled: pitch and formants move too)."""
    out = {}
    for up, down in speeds:
        for s, xs in pieces.items():
            if up == down:
                out[s] = xs
            else:
                out[f"{s}@{down / up:.2f}"] = [ss.resample_poly(x.astype(np.float32), up, down).clip(-32768, 32767).astype(np.int16) for x in xs]
    return out


def chunks(ranges, longest=200):
    """First and last frame of each speaker [speakers, 2] -> (speaker, first, last) [chunks, 3]: speech in equal parts of about four seconds."""
    out = []
    for i, (a, e) in enumerate(ranges):
        edges = np.linspace(a, e, max(1, round((e - a) / longest)) + 1).astype(int)
        out += [(i, b, c) for b, c in zip(edges[:-1], edges[1:])]
    return np.array(out)


class Bank:
    """All speakers' speech in one int16 tensor, every piece at one level, with its activity.

    x [frames * 320] int16; v [frames] bool; range [speakers, 2] first and last frame of each; names.
    """

    def __init__(self, pieces, min_s=1.5):
        self.names = [s for s in pieces if sum(map(len, pieces[s])) >= min_s * RATE]
        xs, vs, ranges, o = [], [], [], 0
        for s in self.names:
            start = o
            for x in pieces[s]:
                v = speech_frames(x)
                on = np.flatnonzero(v)
                if len(on) == 0:
                    continue
                a, b = max(0, on[0] - 5), min(len(v), on[-1] + 6)
                y = x[a * FRAME:b * FRAME].astype(np.float32)
                y *= 3000 / np.sqrt((y[np.repeat(v[a:b], FRAME)] ** 2).mean() + 1)
                w = np.zeros(b - a, bool)                               # a piece has no pause over 0.3 s: all of it is speech, as labels have it
                w[max(0, on[0] - 2 - a):on[-1] + 3 - a] = True          # with the 40 ms that labels allow
                xs.append(np.clip(y, -32767, 32767).astype(np.int16))
                vs.append(w)
                o += b - a
            ranges.append((start, o))
        self.x, self.v = torch.from_numpy(np.concatenate(xs)), torch.from_numpy(np.concatenate(vs))
        self.range = np.array(ranges)

    def save(self, path):
        torch.save(dict(x=self.x, v=self.v, range=torch.from_numpy(self.range), names=self.names), path)

    @classmethod
    def load(cls, path):
        k = torch.load(path, weights_only=True)
        b = cls.__new__(cls)
        b.x, b.v, b.range, b.names = k["x"], k["v"], k["range"].numpy(), k["names"]
        return b
