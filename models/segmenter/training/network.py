"""The segmenter: ten seconds of 16 kHz audio to who of three local speakers speaks, every 20 ms.

    audio [N, 1, 160000] float32, 16 kHz
      -> log mel [N, 1, 64, 1000] (25 ms symmetric Hamming window, 10 ms hop, 512-point DFT; every band free of its mean over the window)
      -> 2-D stem, stride 4 in time [N, 32, 8, 250] -> [N, 128, 1, 250]
      -> plus what the levels of the bands say about the window's line, room and noise [N, 128] (`levels`)
      -> residual blocks (depthwise over time, dilated), with self-attention over the window's 40 ms frames in between
      -> every 40 ms frame says two of 20 ms: logits [N, 500, 7] over {nobody, 1, 2, 3, 1+2, 1+3, 2+3}
      -> in audio of a telephone's band "nobody" is likelier by a constant (`calibrated`)

Convolutions are 2-D throughout, as in the Fast CNN: ONNX Runtime's blocked kernels run them near the core's peak. Attention is there because
telling voices apart needs a comparison of moments seconds apart; its output layer begins at zero, so a network trained without it can be continued.
"""
import itertools
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

RATE, WINDOW, FRAME, FRAMES, SPEAKERS = 16000, 160000, 320, 500, 3
POWERSET = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]])
PERMUTATIONS = torch.tensor([[int(np.where((POWERSET == p[list(order)]).all(1))[0][0]) for p in POWERSET]
                             for order in itertools.permutations(range(SPEAKERS))])
LENGTH, HOP, POINTS = 401, 160, 512                                     # of the front end, samples; an odd window folds into two halves


def mel_bank(mel, low=20, high=7600):
    """[257, mel]: triangular filters, evenly spaced on the mel scale between `low` and `high` Hz."""
    to_mel = lambda f: 1127 * np.log(1 + np.asarray(f) / 700)
    edge = np.linspace(to_mel(low), to_mel(high), mel + 2)
    f = to_mel(np.arange(POINTS // 2 + 1) * RATE / POINTS)[:, None]
    return np.maximum(0, np.minimum((f - edge[:-2]) / (edge[1:-1] - edge[:-2]), (edge[2:] - f) / (edge[2:] - edge[1:-1])))


LEFT = 120                                                              # samples of the first frame before the window


class FrontEnd(nn.Module):
    """Samples to mean-free log mel energies; no parameters."""

    def __init__(self, mel=64):
        super().__init__()
        self.register_buffer("bank", torch.tensor(mel_bank(mel), dtype=torch.float32), persistent=False)
        self.register_buffer("w", torch.hamming_window(LENGTH, periodic=False), persistent=False)

    def energy(self, audio):
        """[N, 160000] -> mel energies [N, 1000, mel]; by FFT, which ONNX does not have (export.py computes the same by matrices)."""
        p = torch.fft.rfft(F.pad(audio, (LEFT, LENGTH - HOP - LEFT)).unfold(1, LENGTH, HOP) * self.w, POINTS)
        return (p.real.square() + p.imag.square()) @ self.bank

    def forward(self, audio):
        """[N, 160000] -> [N, 1, mel, 1000] and [N, 2 * mel]."""
        return finish(self.energy(audio))


def finish(energy):
    """Mel energies [N, 1000, mel] -> their logarithms without each band's mean over the window [N, 1, mel, 1000], and the bands' levels [N, 2 * mel].

    Levels: each band's mean over the window against the mean of all bands, and how much it varies; independent of the audio's loudness.
    """
    m = torch.log(energy + 1e-6)
    mean = m.mean(1, keepdim=True)
    free = m - mean
    spread = torch.sqrt((free * free).mean(1) + 1e-3)
    return free.transpose(1, 2).unsqueeze(1), torch.cat([(mean[:, 0] - mean[:, 0].mean(1, keepdim=True)) / 4, spread / 2 - 1], 1)


# Mel bands from 270 to 3360 Hz, and from 4590 to 7600. In audio of a telephone's band the upper ones are 32 dB or more below the others.
VOICE_BANDS, UPPER_BANDS, BAND_LIMIT = slice(8, 45), slice(53, 64), -32
# Added to the logit of "nobody" in such audio: telephone lines carry breath and line noise between words. Chosen on all development sets (RESULTS.md).
LINE = 0.9


def calibrated(logits, energy):
    """Logits [N, 500, 7] and mel energies [N, 1000, mel] of the same windows -> logits in which nobody is likelier in a telephone's band."""
    upper, voice = (energy[..., bands].mean((1, 2)) + 1e-12 for bands in (UPPER_BANDS, VOICE_BANDS))
    level = torch.log10(upper / voice) * 10
    narrow = torch.sigmoid(BAND_LIMIT - level)                          # half at the limit, nearly 0 or 1 from 4 dB away
    nobody = torch.tensor([LINE] + [0.0] * (len(POWERSET) - 1), dtype=logits.dtype)
    return logits + narrow[:, None, None] * nobody


def conv(i, o, k, stride=1, dilation=1, groups=1, act=True, pad=None):
    """Convolution, batch normalisation and (act) ReLU; "same" padding unless given."""
    k = (k, k) if isinstance(k, int) else k
    pad = (k[0] // 2, dilation * (k[1] // 2)) if pad is None else pad
    layers = [nn.Conv2d(i, o, k, stride, pad, (1, dilation), groups, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([nn.ReLU()] if act else []))


class Block(nn.Module):
    """Depthwise over time, then an inverted bottleneck; residual. [N, c, 1, T] -> the same."""

    def __init__(self, c, expand, k, dilation):
        super().__init__()
        self.dw = conv(c, c, (1, k), 1, dilation, c, False)
        self.up = conv(c, expand, 1)
        self.down = conv(expand, c, 1, act=False)

    def forward(self, x):
        return x + self.down(self.up(self.dw(x)))


class Attention(nn.Module):
    """Self-attention over the frames of a window; residual. [N, c, 1, T] -> the same."""

    def __init__(self, c, heads=4):
        super().__init__()
        self.heads = heads
        self.norm = nn.BatchNorm2d(c)
        self.qkv = nn.Conv2d(c, 3 * c, 1)
        self.out = nn.Conv2d(c, c, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x):
        c, h = x.shape[1], self.heads
        q, k, v = self.qkv(self.norm(x)).reshape(-1, 3, h, c // h, x.shape[3]).unbind(1)  # [N, h, c/h, T]
        a = torch.softmax(torch.matmul(q.transpose(2, 3), k) * (c // h) ** -0.5, -1)      # [N, h, T, T]
        y = torch.matmul(v, a.transpose(2, 3)).reshape(-1, c, 1, x.shape[3])
        return x + self.out(y)


class Segmenter(nn.Module):
    def __init__(self, c=128, expand=256, dilations=(1, 2, 4, 8, 16) * 2, attend=(5, 10)):
        super().__init__()
        self.front = FrontEnd()
        self.stem = nn.Sequential(conv(1, 12, 3, (2, 2)), conv(12, 24, 3, (2, 2)), conv(24, 32, 3, (2, 1)))
        self.flat = conv(32, c, (8, 1), pad=0)
        self.levels = nn.Sequential(nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, c))
        nn.init.zeros_(self.levels[2].weight)                           # a network trained without levels can be continued
        nn.init.zeros_(self.levels[2].bias)
        self.blocks = nn.ModuleList([Block(c, expand, 5, d) for d in dilations])
        self.attend = nn.ModuleDict({str(i): Attention(c) for i in attend})  # after so many blocks
        self.head = nn.Conv2d(c, 2 * len(POWERSET), 1)

    def body(self, m, levels):
        """log mel [N, 1, 64, 1000], levels [N, 128] -> logits [N, 500, 7]."""
        h = self.flat(self.stem(m)) + self.levels(levels)[:, :, None, None]
        for i, block in enumerate(self.blocks, 1):
            h = block(h)
            if str(i) in self.attend:
                h = self.attend[str(i)](h)
        z = self.head(h).squeeze(2).transpose(1, 2)
        return z.reshape(-1, 2 * z.shape[1], len(POWERSET))

    def forward(self, audio):
        """[N, 160000] -> logits [N, 500, 7]."""
        energy = self.front.energy(audio)
        return calibrated(self.body(*finish(energy)), energy)


def from_start(state, net):
    """State of a segmenter without levels or (some of) `net`'s attention -> one that `net` takes, computing the same."""
    own = net.state_dict()
    for k, v in state.items():
        if k in own and own[k].shape == v.shape:
            own[k] = v.clone()
        elif k in own:
            raise ValueError(f"{k} has the shape {tuple(v.shape)}, expected {tuple(own[k].shape)}")
    return own
