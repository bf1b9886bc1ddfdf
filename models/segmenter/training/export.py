"""export.py CHECKPOINT OUT.onnx: the file that ships (see onnx_file.store), one with fp32 weights (OUT.fp32.onnx), and their parity with PyTorch.

`waveform` float32 [N, 1, 160000] -> `logprobs` float32 [N, 500, 7], log probabilities: names and form as segmentation-3.0's, so one runner serves both.
"""
import argparse
import hashlib
import os
import paths  # noqa: F401
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from evaluate import load_net
from network import HOP, LEFT, LENGTH, POINTS, RATE, WINDOW, calibrated, finish, mel_bank
from onnx_file import session, store

HALF = LENGTH // 2 + 1                                                  # a window folded on its middle


class Exported(nn.Module):
    """The network with its Fourier transform as two matrix products: over the even and the odd half of each window."""

    def __init__(self, net):
        super().__init__()
        self.net = net
        bank = mel_bank(64)
        self.bins = int(np.flatnonzero(bank.any(1)).max())              # the others are outside of every band
        t, k = np.arange(HALF), np.arange(1, self.bins + 1)
        w = np.hamming(LENGTH)[LENGTH // 2:] * np.where(t == 0, 0.5, 1)  # t = 0 is in both halves
        phase = 2 * np.pi * np.outer(t, k) / POINTS
        const = lambda x: torch.tensor(x, dtype=torch.float32)
        self.register_buffer("cosine", const(np.cos(phase) * w[:, None]), persistent=False)
        self.register_buffer("sine", const(np.sin(phase) * w[:, None]), persistent=False)
        self.register_buffer("bank", const(bank[1:self.bins + 1]), persistent=False)

    def energy(self, audio):
        """[N, 160000] -> mel energies [N, 1000, 64]."""
        frames = WINDOW // HOP
        rows = F.pad(audio, (LEFT, (frames + 2) * HOP - WINDOW - LEFT)).reshape(-1, frames + 2, HOP)
        x = torch.cat([rows[:, :-2], rows[:, 1:-1], rows[:, 2:, :LENGTH - 2 * HOP]], 2)   # [N, 1000, 401]
        right, left = x[..., HALF - 1:], torch.flip(x[..., :HALF], [2])
        real, imag = torch.matmul(right + left, self.cosine), torch.matmul(right - left, self.sine)
        return torch.matmul(real * real + imag * imag, self.bank)

    def forward(self, waveform):
        energy = self.energy(waveform.reshape(-1, WINDOW))
        return F.log_softmax(calibrated(self.net.body(*finish(energy)), energy), -1)


def probe_audio(n=6, seed=0):
    """[n, 1, 160000]: noise, buzzing that comes and goes, and near silence, at several levels; one of three in a telephone's band."""
    r, t = np.random.default_rng(seed), np.arange(WINDOW) / RATE
    x = r.standard_normal((n, WINDOW)) * 10 ** r.uniform(-3, -0.5, (n, 1))
    for i in range(0, n, 2):
        f0 = r.uniform(80, 250)
        x[i] = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 30)) * 0.1 * (np.sin(2 * np.pi * 0.4 * t) > 0) + x[i] * 0.03
    spectrum = np.fft.rfft(x[1::3])
    spectrum[:, int(3400 / RATE * WINDOW):] = 0
    x[1::3] = np.fft.irfft(spectrum, WINDOW)
    return x[:, None].astype(np.float32)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checkpoint")
    p.add_argument("out")
    a = p.parse_args()
    whole = a.out.replace(".onnx", ".fp32.onnx")
    net = load_net(a.checkpoint)
    exported = Exported(net).eval()
    names = dict(input_names=["waveform"], output_names=["logprobs"])
    torch.onnx.export(exported, (torch.randn(1, 1, WINDOW) * 0.1,), whole, **names, dynamic_axes={n: {0: "N"} for n in ("waveform", "logprobs")},
                      opset_version=17, dynamo=False)
    x = probe_audio()
    store(whole, a.out, period=POINTS, rows=HALF, bins=exported.bins)
    with torch.no_grad():
        here = torch.softmax(net(torch.from_numpy(x[:, 0])), -1).numpy()
    for path in (whole, a.out):
        there = np.exp(session(path).run(None, {"waveform": x})[0])
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        print(f"{os.path.basename(path)}: {os.path.getsize(path)} bytes, sha256 {digest}; probabilities within {abs(here - there).max():.1e} of PyTorch's")
    print(f"{sum(p.numel() for p in net.parameters())} parameters")


if __name__ == "__main__":
    main()
