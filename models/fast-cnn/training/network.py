"""The Fast CNN: one second of 48 kHz audio to two speaker embeddings and their activity.

    audio [N, 48000] float32, 48 kHz
      -> 16 kHz (windowed-sinc decimation, 16 outputs at a time, as one strided convolution)
      -> log mel [N, 1, 64, 100] (30 ms window, 10 ms hop; the DFT is folded into an even and an odd half)
      -> 2-D stem [N, 48, 8, 50] -> trunk [N, 256, 1, 25] (40 ms frames)
      -> activity [N, 50, 2] (probabilities, 20 ms: every 40 ms frame says two) and embeddings [N, 2, dim]
         (unit length; dim is 256 up to version 1.1.0), pooled per slot with weights that come from the slot's own activity.

Convolutions are 2-D throughout: ONNX Runtime's blocked (NCHWc) kernels run them near the core's peak;
the same layers as Conv1d took 1.5 times as long. The trunk runs at 25 frames a second throughout.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

RATE = 16000


def decimation_kernel(side=72, factor=3, block=48, rate=48000, cutoff=7700):
    """[block/factor, 1, 1, block + 2*side]: a convolution of stride `block` that low-passes and keeps every `factor`th sample."""
    taps = 2 * side + 1
    t = np.arange(-side, side + 1)
    h = 2 * cutoff / rate * np.sinc(2 * cutoff / rate * t) * np.kaiser(taps, 8.0)
    h /= h.sum()
    w = np.zeros((block // factor, 1, 1, block + 2 * side))
    for j in range(block // factor):
        w[j, 0, 0, j * factor:j * factor + taps] = h
    return torch.tensor(w, dtype=torch.float32)


def mel_bank(freqs, mel, low=20, high=7600):
    """[len(freqs), mel]: triangular filters, evenly spaced on the mel scale between `low` and `high` Hz."""
    to_mel = lambda f: 1127 * np.log(1 + np.asarray(f) / 700)
    edges = np.linspace(to_mel(low), to_mel(high), mel + 2)
    f = to_mel(freqs)[:, None]
    up, down = (f - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - f) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(up, down))


class FrontEnd(nn.Module):
    """Samples to mean-free log mel energies; no parameters."""

    def __init__(self, mel=64):
        super().__init__()
        n = 480
        half = n // 2
        k, t = np.arange(1, half), np.arange(half)
        w = np.hamming(2 * half + 1)[half:2 * half]
        phase = 2 * np.pi * np.outer(t, k) / n
        const = lambda x: torch.tensor(x, dtype=torch.float32)
        once = np.where(t == 0, 0.5, 1)[:, None]                        # t = 0 is in both halves
        self.register_buffer("decimation", decimation_kernel(), persistent=False)
        self.register_buffer("cosine", const(np.cos(phase) * w[:, None] * once), persistent=False)
        self.register_buffer("sine", const(np.sin(phase) * w[:, None]), persistent=False)
        self.register_buffer("window", const(np.r_[0, w[:0:-1], w]), persistent=False)
        self.register_buffer("bank", const(mel_bank(k * RATE / n, mel)), persistent=False)

    def to_16k(self, x):
        """[N, 48000] at 48 kHz -> [N, 16000] at 16 kHz."""
        y = F.conv2d(x.reshape(-1, 1, 1, 48000), self.decimation, None, (1, 48), (0, 72))
        return y.reshape(-1, 16, 1000).transpose(1, 2).reshape(-1, RATE)           # [N, 16, 1000] -> [N, 16000]

    def log_mel(self, y):
        """[N, 16000] at 16 kHz -> [N, 100, 64], a frame every 10 ms."""
        y = F.pad(y, (160, 160)).reshape(-1, 102, 160)
        frame = torch.cat([y[:, :-2], y[:, 1:-1], y[:, 2:]], 2)         # [N, 100, 480], centred
        right = frame[..., 240:]                                        # t = 0 .. 239
        left = torch.flip(frame[..., 1:241], [2])                       # t = 0, -1 .. -239
        real, imag = torch.matmul(right + left, self.cosine), torch.matmul(right - left, self.sine)
        return torch.log(torch.matmul(real * real + imag * imag, self.bank) + 1e-6)

    def log_mel_fft(self, y):
        """The same by FFT: faster where there is one (training), not in ONNX."""
        spec = torch.fft.rfft(F.pad(y, (160, 160)).unfold(1, 480, 160) * self.window)[..., 1:240]
        return torch.log(torch.matmul(spec.real.square() + spec.imag.square(), self.bank) + 1e-6)

    def forward(self, audio, at_16k=False):
        """-> [N, 1, 64, 100], every band free of its mean over the window."""
        m = self.log_mel_fft(audio) if at_16k else self.log_mel(self.to_16k(audio))
        return (m - m.mean(1, keepdim=True)).transpose(1, 2).unsqueeze(1)


def conv(i, o, k, stride=1, dilation=1, groups=1, act=True, pad=None):
    """Convolution, batch normalisation and (act) ReLU; "same" padding unless given."""
    k = (k, k) if isinstance(k, int) else k
    pad = (k[0] // 2, dilation * (k[1] // 2)) if pad is None else pad
    layers = [nn.Conv2d(i, o, k, stride, pad, (1, dilation), groups, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([nn.ReLU()] if act else []))


class Block(nn.Module):
    """Depthwise over time, then an inverted bottleneck; residual. [N, c, 1, T] -> the same."""

    def __init__(self, c, expand, k=5, dilation=1):
        super().__init__()
        self.dw = conv(c, c, (1, k), 1, dilation, c, False)
        self.up = conv(c, expand, 1)
        self.down = conv(expand, c, 1, act=False)

    def forward(self, x):
        return x + self.down(self.up(self.dw(x)))


class FastCNN(nn.Module):
    """`pre`, `mid`, `post`: residual blocks before, inside and after a long skip; about 2.4 M parameters as it stands."""

    def __init__(self, mel=64, c1=16, c2=32, c3=48, c=256, e=512, pre=1, mid=5, post=1, feat=352, dim=256):
        super().__init__()
        self.front = FrontEnd(mel)
        self.stem = nn.Sequential(conv(1, c1, 3, (2, 1)), conv(c1, c2, 3, (2, 2)), conv(c2, c2, 3), conv(c2, c3, 3, (2, 1)), conv(c3, c3, 3))
        self.flat = conv(c3, c, (mel // 8, 2), (1, 2), pad=0)           # all frequencies and two frames at once
        self.pre = nn.Sequential(*[Block(c, e) for _ in range(pre)])
        self.dn = conv(c, c, (1, 3), groups=c, act=False)
        self.mid = nn.Sequential(*[Block(c, e, dilation=(1, 2, 3)[i % 3]) for i in range(mid)])
        self.post = nn.Sequential(*[Block(c, e) for _ in range(post)])
        self.head = nn.Conv2d(c, 6, 1)                                  # activity logits (two slots at two 20 ms), two attention logits
        self.feat = conv(c, feat, 1)
        self.out = nn.Linear(2 * feat, dim)

    def before_embedding(self):
        """All layers that the activity depends on, and no others."""
        return [self.stem, self.flat, self.pre, self.dn, self.mid, self.post, self.head]

    def trunk(self, m):
        """log mel [N, 1, 64, 100] -> [N, 256, 1, 25]."""
        return self.body(self.stem(m))

    def body(self, s):
        """Stem [N, 48, 8, 50] -> [N, 256, 1, 25]."""
        h = self.pre(self.flat(s))
        return self.post(h + self.mid(self.dn(h)))

    def pooled(self, h):
        """-> mean and deviation of the features under each slot's weights [N, 2, 2 * feat], activity logits and activity [N, 25, 4]."""
        z = self.head(h).squeeze(2)                                     # [N, 6, 25]
        logits = z[:, :4].transpose(1, 2)                               # [N, 25, 4]: slot 0, slot 1, then 20 ms later
        activity = torch.sigmoid(logits)
        on = (activity[..., :2] + activity[..., 2:]).transpose(1, 2)    # [N, 2, 25]
        w = torch.exp(torch.clamp(z[:, 4:], -8, 8)) * on + 1e-5
        w = w / w.sum(2, keepdim=True)
        f = self.feat(h).squeeze(2).transpose(1, 2)                     # [N, 25, feat]
        mean, square = torch.matmul(w, f), torch.matmul(w, f * f)
        std = torch.sqrt((square - mean * mean).clamp(min=1e-5))
        return torch.cat([mean, std], 2), logits, activity

    def heads(self, h):
        """-> embeddings [N, 2, dim], activity [N, 50, 2] (logits while training)."""
        pooled, logits, activity = self.pooled(h)
        e = self.out(pooled)
        e = e / torch.sqrt((e * e).sum(2, keepdim=True) + 1e-9)
        return e, (logits if self.training else activity).reshape(-1, 50, 2)

    def forward(self, audio, at_16k=False):
        return self.heads(self.trunk(self.front(audio, at_16k)))
