"""On-the-fly mixtures of up to two speakers, labelled every 20 ms. All but the draws is tensor code on `device`.

Half a second before the window is simulated too: its reverberation reaches into the window, as it does in a stream.
"""
import numpy as np
import torch
import torch.nn.functional as F
from rooms import NFFT, RATE, SEATS, channels, load_rooms, noise_track
from speech import FRAME, chunks, load_noise

PAST, SPAN = 25, 75                                                     # frames before the window; in all
RUN, START, END = 0, 1, 2                                               # a voice runs through, begins at a frame, ends before it


def draw_scenes(n, r):
    """What is heard in n windows: (there [n], kind [n], at [n], once [n]) of each of two voices; `at` counts from the window's first frame.

    Nobody 9 % (in half of it someone has just ended), one voice 53 %, its first or last words 17 %, a change of voices 8 %, overlap 13 %: about
    as in conversations (`gen_sim.py`). Pauses come with the words. `once`: a voice says one piece and is silent then, as listeners do.
    """
    t, half = r.random(n), r.random(n) < 0.5
    edge = r.integers(4, 47, n)
    kind, at = np.zeros(n, int), np.full(n, -PAST)
    tail, one, change, over = (t < 0.09) & half, (t >= 0.62) & (t < 0.79), (t >= 0.79) & (t < 0.87), t >= 0.87
    kind[tail], at[tail] = END, -r.integers(0, 13, tail.sum())
    kind[one], at[one] = np.where(half, START, END)[one], edge[one]
    kind[change], at[change] = END, edge[change]
    gap = np.where(r.random(n) < 0.7, r.lognormal(np.log(16), 0.7, n), -r.lognormal(np.log(25), 0.7, n)).clip(-40, 45).astype(int)
    second = np.where(r.random(n) < 0.7, START, END)
    second[change] = START
    when = np.where(change, at + gap, np.where(second == START, r.integers(-15, 42, n), r.integers(8, 55, n)))
    never = np.zeros(n, bool)
    return ((t >= 0.09) | tail, kind, at, never), (change | over, second, when, over & (r.random(n) < 0.5))


def sounds(noise, rooms):
    """Folders of noises, folders of impulse responses -> what Mixer takes of each."""
    noises = [n for n in map(load_noise, noise) if n is not None]
    return np.concatenate(noises) if noises else None, [h for folder in rooms for h in load_rooms(folder)]


class Mixer:
    """batch(B) -> audio [B, 16000] at 16 kHz, activity [B, 50, 2], speaker indices [B, 2], chunks heard [B, 2, 10] (-1: silence)."""

    def __init__(self, bank, noise=None, real_rooms=(), seed=0, rooms=500, device="cpu", copies=0.6):
        self.r, self.device = np.random.default_rng(seed), device
        x, self.v, self.range = bank.x.to(device), bank.v.clone().to(device), bank.range
        self.frames = x.reshape(-1, FRAME)                              # a view
        self.first = piece_starts(bank.v.numpy(), bank.range)
        self.v[1:-1] = self.v[1:-1] | self.v[2:] | self.v[:-2]          # labels count a piece as a whole: another 20 ms on both sides
        self.starts = np.flatnonzero(self.first)
        self.pieces = np.searchsorted(self.starts, bank.range)          # which of the starts are a speaker's
        H, phone = channels(rooms, self.r, real_rooms)
        self.H, self.phone = H.to(device), phone.to(device)
        self.noise = noise_track(self.r, noise).to(device).unfold(0, RATE, 1)  # [starts, 16000], a view
        w = np.minimum((bank.range[:, 1] - bank.range[:, 0]) / 50.0, 60)  # a minute of one voice is enough
        w = w * np.array([copies if "@" in s else 1 for s in bank.names])
        self.p = np.cumsum(w / w.sum())
        parts = chunks(bank.range)
        self.chunk = np.repeat(np.arange(len(parts)), parts[:, 2] - parts[:, 1])

    def put(self, x, dtype=torch.float32):
        return torch.as_tensor(np.asarray(x), dtype=dtype).to(self.device)

    def lay(self, spk, kind, at, once, tight):
        """Where each of 75 frames comes from, [n, 75] (-1: silence): pieces of the speakers' speech in a row, unless `tight` with pauses of 0.12 to 1.2 s.

        From a random moment (RUN), from the beginning of a piece at frame `at` of the window (START), or up to the end of one (END).
        """
        r, n = self.r, len(spk)
        a, length = self.range[spk, 0], self.range[spk, 1] - self.range[spk, 0]
        lo, hi = self.pieces[spk].T
        j = np.where(kind == RUN, a + (r.random(n) * length).astype(int), self.starts[lo + (r.random(n) * (hi - lo)).astype(int)])
        w = np.arange(-SPAN, SPAN)
        idx = a[:, None] + ((j - a)[:, None] + w) % length[:, None]
        new = self.first[idx]
        pause = new * r.lognormal(np.log(14), 0.45, idx.shape).clip(6, 60).astype(int) * ~tight[:, None]
        shift, here = pause.cumsum(1), pause[:, SPAN, None]
        pos = (at + PAST)[:, None] + w + shift - shift[:, SPAN, None] + (w < 0) * here
        keep = (pos >= 0) & (pos < SPAN) & ((w < 0) == (kind == END)[:, None])
        count = new.cumsum(1)
        keep &= ~(once[:, None] & (abs(count - count[:, SPAN, None] + np.where(w < 0, new[:, SPAN, None], 0)) > 0))
        out, (row, col) = np.full((n, SPAN), -1), np.nonzero(keep)
        out[row, pos[row, col]] = idx[row, col]
        return out

    def voice(self, spk, kind, at, once):
        """-> samples [n, 24000] of 1.5 s, with ramps of 20 ms at pauses; activity [n, 75]; chunks heard at ten moments of the window [n, 10]."""
        tight = self.r.random(len(spk)) < 0.4                           # short pieces as a fluent speaker's words: no pause
        rows = self.lay(spk, kind, at, once, tight)
        heard = rows[:, PAST + 2::5]
        heard = np.where(heard >= 0, self.chunk[heard], -1)
        idx = self.put(rows, torch.long)
        on, idx = (idx >= 0).float(), idx.clamp(min=0)
        x = self.frames[idx].reshape(len(spk), -1).float() / 32768
        return x * F.interpolate(on[:, None], x.shape[1], mode="linear")[:, 0], (self.v[idx] | self.put(tight, torch.bool)[:, None]) * on, heard

    def batch(self, B):
        r, put = self.r, self.put
        spk = np.searchsorted(self.p, r.random((2, B))).clip(max=len(self.p) - 1)
        (there, *how), (two, *other) = draw_scenes(B, r)
        two &= spk[0] != spk[1]
        rows = np.flatnonzero(two)
        xa, va, ca = self.voice(spk[0], *how)
        va = va * put(there)[:, None]
        xb, vb, cb = self.voice(spk[1][rows], *(x[rows] for x in other))
        xb = xb * put(10 ** (np.clip(r.normal(0, 4, len(rows)), -10, 10) / 20))[:, None]
        ha, hb = r.integers(0, len(self.H), B), r.integers(0, len(self.H), len(rows))
        same = r.random(len(rows)) < 0.5                                # one room and device for both
        hb[same] = ha[rows][same] // SEATS * SEATS + r.integers(0, SEATS, same.sum())
        Y = torch.fft.rfft(xa * put(there)[:, None]) * self.H[put(ha, torch.long)]
        where = put(rows, torch.long)
        Y.index_add_(0, where, torch.fft.rfft(xb) * self.H[put(hb, torch.long)])
        y = torch.fft.irfft(Y, NFFT)[:, NFFT - RATE:]
        act = torch.zeros(B, 50, 2, device=self.device)
        act[:, :, 0] = va[:, PAST:]
        act[where, :, 1] = vb[:, PAST:]
        o = put(r.integers(0, len(self.noise), B), torch.long)
        noise = self.noise[o].float() / 32768
        more = put(r.random(B) < 0.3, torch.bool)                       # a second one under it
        noise[more] += self.noise[o.flip(0)[more]].float() / 32768 * put(r.uniform(0.2, 1, int(more.sum())))[:, None]
        noise = noise / (noise.pow(2).mean(1, keepdim=True).sqrt() + 1e-3)
        share = act.amax(2).mean(1, keepdim=True)                       # of the window with speech
        level = torch.where(share > 0.1, (y.pow(2).mean(1, keepdim=True) / share.clamp(min=0.1)).sqrt().clamp(min=0.02), 0.06)
        snr = np.where(r.random(B) < 0.3, r.uniform(25, 60, B), r.uniform(3, 26, B))
        snr[r.random(B) < 0.02] = 200                                   # no noise at all
        y = y + noise * level * put(10 ** (-snr / 20))[:, None]
        phone = self.phone[put(ha, torch.long)] & put(r.random(B) < 0.8, torch.bool)
        y[phone] = mu_law(y[phone])
        y = y * put(10 ** (r.uniform(-32, 6, B) / 20))[:, None]
        heard = np.full((B, 2, 10), -1)
        heard[there, 0], heard[rows, 1] = ca[there], cb
        return y.clamp(-1, 1), act, put(spk.T.copy(), torch.long), put(heard, torch.long)


def piece_starts(v, ranges):
    """Activity bool [frames] of pieces in a row, frames of each speaker -> bool [frames]: a piece begins (between two, the middle of what is silent)."""
    d = np.flatnonzero(np.diff(np.r_[0, (~v).astype(np.int8), 0]))
    first = np.zeros(len(v), bool)
    first[np.minimum((d[::2] + d[1::2] + 1) // 2, len(v) - 1)] = True
    for a in ranges[:, 0]:
        first[max(0, a - 3):a + 4] = False
        first[a] = True
    return first


def mu_law(x):
    """8-bit mu-law there and back, at each row's peak."""
    p = x.abs().amax(1, keepdim=True) + 1e-6
    z = (x / p).sign() * torch.log1p(255 * (x / p).abs()) / np.log(256)
    z = torch.round((z + 1) * 127.5) / 127.5 - 1
    return z.sign() * (256 ** z.abs() - 1) / 255 * p
