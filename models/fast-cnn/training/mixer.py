"""On-the-fly mixtures of up to two speakers, labelled every 20 ms. All but the draws is tensor code on `device`.

Half a second before the window is simulated too: its reverberation reaches into the window, as it does in a stream.
"""
import numpy as np
import torch
import torch.nn.functional as F
from rooms import NFFT, RATE, channels, noise_track
from speech import FRAME

PAST, SPAN = 25, 75                                                     # frames before the window; in all


def draw_gates(n, r):
    """Who may speak when, float32 [n, 75] twice, and bool [n]: the second voice is there.

    Silence 11 %, one voice 26 %, its onset or end 16 %, its pause 18 %, a change 14 %, overlap 15 %.
    """
    t, u = r.random(n)[:, None], np.arange(SPAN)[None] - PAST           # u = 0: the window begins
    ga, gb = np.zeros((n, SPAN), bool), np.zeros((n, SPAN), bool)
    at = r.integers(3, 48, n)[:, None]
    half = (r.random(n) < 0.5)[:, None]
    ga |= (t < 0.11) & half & (u < -r.integers(0, 12, n)[:, None])      # silence, perhaps after speech
    ga |= (t >= 0.11) & (t < 0.37)
    ga |= (t >= 0.37) & (t < 0.53) & np.where(half, u >= at, u < at)
    k = np.clip(np.exp(r.normal(np.log(14), 0.5, n)), 6, 40).astype(int)[:, None]
    ga |= (t >= 0.53) & (t < 0.71) & ((u < at) | (u >= at + k))
    gap = np.clip(r.normal(5, 12, n), -30, 35).astype(int)[:, None]
    two = t >= 0.71
    ga |= two & (t < 0.85) & (u < at)
    gb |= two & (t < 0.85) & (u >= at + gap)
    over = t >= 0.85
    ga |= over
    a, d = r.integers(-10, 42, n)[:, None], r.integers(10, 76, n)[:, None]
    gb |= over & (u >= a) & (u < a + d)
    return ga.astype(np.float32), gb.astype(np.float32), two[:, 0]


class Mixer:
    """batch(B) -> audio [B, 16000] at 16 kHz, activity [B, 50, 2], speaker indices [B, 2]."""

    def __init__(self, bank, noise=None, seed=0, rooms=600, real_rooms=(), device="cpu", copies=0.6):
        self.r, self.device = np.random.default_rng(seed), device
        x, self.v, self.range = bank.x.to(device), bank.v.to(device), bank.range
        self.frames, self.spans = x.reshape(-1, FRAME), x.unfold(0, SPAN * FRAME, FRAME)  # views
        H, phone = channels(rooms, self.r, real_rooms)
        self.H, self.phone = H.to(device), phone.to(device)
        self.noise = noise_track(self.r, noise).to(device).unfold(0, RATE, 1)  # [starts, 16000], a view
        w = np.minimum((bank.range[:, 1] - bank.range[:, 0]) / 50.0, 60)  # a minute of one voice is enough
        w = w * np.array([copies if "@" in s else 1 for s in bank.names])
        self.p = np.cumsum(w / w.sum())

    def put(self, x, dtype=torch.float32):
        return torch.as_tensor(np.asarray(x), dtype=dtype).to(self.device)

    def sources(self, spk):
        """Speakers [n] -> samples [n, 24000] of 1.5 s from a random place, activity [n, 75]."""
        a, length = self.range[spk, 0], self.range[spk, 1] - self.range[spk, 0]
        off = (self.r.random(len(spk)) * np.maximum(length - SPAN, 1)).astype(int)
        idx = self.put(a[:, None] + (off[:, None] + np.arange(SPAN)) % length[:, None], torch.long)
        x = self.spans[self.put(np.minimum(a + off, len(self.spans) - 1), torch.long)]
        for i in np.flatnonzero((off + SPAN > length) | (a + off >= len(self.spans))):  # the few who speak for less than 1.5 s: from the start again
            x[i] = self.frames[idx[i]].reshape(-1)
        return x.float() / 32768, self.v[idx].float()

    def gate(self, x, g):
        """Gates [n, 75] on samples [n, 24000], with ramps of 20 ms."""
        return x * F.interpolate(g[:, None], x.shape[1], mode="linear")[:, 0]

    def batch(self, B):
        r, put = self.r, self.put
        spk = np.searchsorted(self.p, r.random((2, B))).clip(max=len(self.p) - 1)
        ga, gb, two = draw_gates(B, r)
        two &= spk[0] != spk[1]
        rows = np.flatnonzero(two)
        ga, gb = put(ga), put(gb[rows])
        (xa, va), (xb, vb) = self.sources(spk[0]), self.sources(spk[1][rows])
        xb = self.gate(xb, gb) * put(10 ** (np.clip(r.normal(0, 4, len(rows)), -10, 10) / 20))[:, None]
        ha, hb = r.integers(0, len(self.H), B), r.integers(0, len(self.H), len(rows))
        same = r.random(len(rows)) < 0.5                                # one room and device for both
        hb[same] = ha[rows][same]
        Y = torch.fft.rfft(self.gate(xa, ga)) * self.H[put(ha, torch.long)]
        where = put(rows, torch.long)
        Y.index_add_(0, where, torch.fft.rfft(xb) * self.H[put(hb, torch.long)])
        y = torch.fft.irfft(Y, NFFT)[:, NFFT - RATE:]
        act = torch.zeros(B, 50, 2, device=self.device)
        act[:, :, 0] = (va * ga)[:, PAST:]
        act[where, :, 1] = (vb * gb)[:, PAST:]
        o = put(r.integers(0, len(self.noise), B), torch.long)
        noise = self.noise[o].float() / 32768
        noise = noise / (noise.pow(2).mean(1, keepdim=True).sqrt() + 1e-3)
        share = act.amax(2).mean(1, keepdim=True)                       # of the window with speech
        level = torch.where(share > 0.1, (y.pow(2).mean(1, keepdim=True) / share.clamp(min=0.1)).sqrt().clamp(min=0.02), 0.06)
        snr = np.where(r.random(B) < 0.3, r.uniform(25, 60, B), r.uniform(3, 26, B))
        snr[r.random(B) < 0.02] = 200                                   # no noise at all
        y = y + noise * level * put(10 ** (-snr / 20))[:, None]
        phone = self.phone[put(ha, torch.long)] & put(r.random(B) < 0.8, torch.bool)
        y[phone] = mu_law(y[phone])
        y = y * put(10 ** (r.uniform(-32, 6, B) / 20))[:, None]
        return y.clamp(-1, 1), act, put(spk.T.copy(), torch.long)


def mu_law(x):
    """8-bit mu-law there and back, at each row's peak."""
    p = x.abs().amax(1, keepdim=True) + 1e-6
    z = (x / p).sign() * torch.log1p(255 * (x / p).abs()) / np.log(256)
    z = torch.round((z + 1) * 127.5) / 127.5 - 1
    return z.sign() * (256 ** z.abs() - 1) / 255 * p
