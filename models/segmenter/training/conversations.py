"""Simulated conversations of up to three speakers, ten seconds at a time, with exact labels every 20 ms.

What real talk has and read speech lacks: quick exchanges, back-channels, interruptions, long pauses, a loud and a soft speaker. A second and a
bit before the window is laid out too, so that reverberation reaches into it.
"""
import numpy as np
from mixer import piece_starts                                          # of the Fast CNN's training
from network import FRAME, FRAMES, SPEAKERS

PAST = 60                                                               # frames before the window
SPAN = PAST + FRAMES
SAMPLES = SPAN * FRAME


class Conversations:
    """`window()` -> tracks float32 [speakers, 179200], active bool [500, 3]."""

    def __init__(self, bank, groups, seed=0, dense=0.0, quiet=0.0):
        """`groups`: the corpus of each of the bank's speakers; voices of one conversation mostly share one.

        `dense`: share of the windows in which people often speak at the same time, as in lively meetings; `quiet`: share in which nobody speaks, or one person for a moment.
        """
        self.r, self.bank, self.dense, self.quiet = np.random.default_rng(seed), bank, dense, quiet
        self.x, self.v = bank.x.numpy().reshape(-1, FRAME), bank.v.numpy()
        self.starts = np.flatnonzero(piece_starts(self.v, bank.range))
        self.ends = np.r_[self.starts[1:], len(self.v)]
        self.pieces = np.searchsorted(self.starts, bank.range)          # which of them are a speaker's
        length = self.ends - self.starts
        self.short = [np.flatnonzero(length[a:b] < 55) + a for a, b in self.pieces]
        seconds = (bank.range[:, 1] - bank.range[:, 0]) / 50
        self.p = np.minimum(seconds, 40) / np.minimum(seconds, 40).sum()
        self.groups = np.asarray(groups)
        self.of = {g: np.flatnonzero(self.groups == g) for g in set(groups)}

    def cast(self, n):
        """n different speakers."""
        r = self.r
        first = r.choice(len(self.p), p=self.p)
        pool = self.of[self.groups[first]] if r.random() < 0.65 else np.arange(len(self.p))
        out = [first]
        for _ in range(50):
            if len(out) == n:
                break
            s = r.choice(pool, p=self.p[pool] / self.p[pool].sum())
            if s not in out:
                out.append(s)
        return out

    def window(self):
        r = self.r
        u = r.random()
        quiet, dense = u < self.quiet, u >= 1 - self.dense
        n = int(r.choice(4, p=[0.6, 0.4, 0, 0] if quiet else [0, 0, 0.45, 0.55] if dense else [0.04, 0.22, 0.46, 0.28]))
        tracks, active = np.zeros((n, SPAN, FRAME), np.float32), np.zeros((SPAN, SPEAKERS), bool)
        if n == 0:
            return tracks.reshape(0, SAMPLES), active[PAST:]
        cast = self.cast(n)
        n = len(cast)
        at = [int(r.integers(*self.pieces[s])) for s in cast]           # the piece each says next
        gain = 10 ** (np.clip(r.normal(0, 4, n), -12, 8) / 20)
        turn, overlap, tight = r.uniform(0.5, 5) * 50, r.choice([0, 0.15, 0.35, 0.6]), r.random() < 0.35
        long, answer = r.choice([0, 0.05, 0.15, 0.4]), r.choice([0, 0.5, 1.5])
        if dense:
            overlap, long, answer = r.uniform(0.5, 0.95), r.choice([0, 0.05]), r.choice([0.5, 1.5, 3])

        def say(k, piece, t):
            """Piece `piece` in the voice of speaker k from frame t -> its end."""
            a, b = self.starts[piece], self.ends[piece]
            b = min(b, a + 450)
            lo, hi = max(0, -t), min(b - a, SPAN - t)
            if hi > lo:
                on = self.v[a + lo:a + hi]
                if (active[t + lo:t + hi].sum(1)[on] >= 2).any():       # at most two at once
                    return None
                tracks[k, t + lo:t + hi] += self.x[a + lo:a + hi] * (gain[k] * 10 ** (r.normal(0, 1.5) / 20) / 32768)
                active[t + lo:t + hi, k] |= on
            return t + b - a

        if quiet:
            say(0, at[0], int(r.integers(PAST, SPAN - 50)))
            return tracks.reshape(n, SAMPLES), active[PAST:]
        t, end, last = -int(r.uniform(0, 250)), 0, -1
        busy = np.full(n, -10 ** 6)
        for _ in range(200):
            if t >= SPAN:
                break
            k = int(r.integers(n))
            if k == last and n > 1 and r.random() < 0.8:
                k = (k + 1 + int(r.integers(n - 1))) % n
            want, begin, u = float(np.clip(r.lognormal(np.log(turn), 0.8), 15, 900)), max(t, busy[k] + 3), t
            u = begin
            while u - begin < want and u < SPAN:
                lo, hi = self.pieces[cast[k]]
                done = say(k, at[k], u)
                at[k] = at[k] + 1 if at[k] + 1 < hi else lo
                if done is None:
                    u += 10
                    break
                busy[k] = done
                u = done + (0 if tight else int(np.clip(r.lognormal(np.log(13), 0.5), 2, 60)))
            end = max(end, busy[k])
            if u - begin > 100:
                for _ in range(r.poisson(answer)):                      # "mhm"
                    q = int(r.integers(n))
                    short = self.short[cast[q]]
                    t0 = int(r.uniform(begin + 30, u - 20))
                    if q != k and len(short) and t0 > busy[q]:
                        busy[q] = say(q, int(r.choice(short)), t0) or busy[q]
            if r.random() < overlap and last != k:
                t = end - int(np.clip(r.lognormal(np.log(100 if dense else 40), 0.7), 5, 400 if dense else 150))
            else:
                t = end + int(np.clip(r.lognormal(np.log(15), 0.8), 1, 150)) + (int(r.uniform(50, 350)) if r.random() < long else 0)
            last = k
        return tracks.reshape(n, SAMPLES)[:n], active[PAST:]
