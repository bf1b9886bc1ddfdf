"""What speech goes through and what sounds beside it: near and far rooms, telephone lines, music and ringing, babble, breath and knocks."""
import numpy as np
import torch
from mixer import mu_law                                                # of the Fast CNN's training
from network import FRAME, RATE, WINDOW
from rooms import coloured

REACH = RATE                                                            # longest impulse response, samples


def decay(t60, rng):
    """A reverberant tail [REACH] of unit energy that darkens as it decays, with a few early reflections."""
    t = np.arange(REACH) / RATE
    r = rng.standard_normal(REACH)
    dark = np.convolve(r, np.ones(6) / 2.4, "same")
    mix = np.clip(t / t60, 0, 1)
    r = (r * (1 - mix) + dark * mix) * np.exp(-6.9 * t / t60)
    r[:int(rng.uniform(0.001, 0.01) * RATE)] = 0
    for d in rng.uniform(0.001, 0.04, rng.integers(0, 12)):
        r[int(d * RATE)] += rng.normal(0, 6) * np.exp(-6.9 * d / t60)
    return r / np.sqrt((r * r).sum() + 1e-9)


def seats(n, rng, real=()):
    """n impulse responses [n, REACH] of one room: near (a headset to a table), far (up to the other end of a hall), or a measured one.

    Unit energy each: who sits where changes the sound here, loudness is the conversation's.
    """
    u, out = rng.random(), []
    t60 = rng.uniform(0.1, 0.6) if u < 0.4 else rng.uniform(0.25, 1.3)
    base = rng.uniform(0, 14) if u < 0.4 else rng.uniform(-9, 4)        # direct to reverberant, dB
    measured = real[rng.integers(len(real))] if len(real) and u > 0.75 else None
    stretch = rng.uniform(0.7, 1.4)
    for _ in range(n):
        h = np.zeros(REACH)
        if measured is not None:
            y = np.interp(np.arange(0, len(measured), stretch * rng.uniform(0.97, 1.03)), np.arange(len(measured)), measured)[:REACH]
            h[:len(y)] = y
            h[200:] *= 10 ** (rng.uniform(-6, 3) / 20)
        else:
            h += decay(t60, rng) * 10 ** (-(base + rng.normal(0, 2)) / 20)
            h[0] += 1
        out.append(h / np.sqrt((h * h).sum() + 1e-12))
    return np.array(out, np.float32)


def music(n, rng):
    """Played music [n]: chords of plucked or held tones in a rhythm, a bass, perhaps a melody and drums."""
    t, y, beat = np.arange(n) / RATE, np.zeros(n), rng.uniform(0.2, 0.6)
    root, scale = rng.uniform(90, 220), np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.6 else [0, 2, 3, 5, 7, 8, 10])
    tones = 1 / np.arange(1, 9) ** rng.uniform(0.8, 2.5)
    held, swing = rng.uniform(0.5, 8), rng.uniform(0, 6)

    def note(at, length, f0, loud):
        a, m = int(at * RATE), int(length * RATE)
        s = t[:max(0, min(m, n - a))]
        wave = sum(w * np.sin(2 * np.pi * f0 * k * s + 0.3 * np.sin(2 * np.pi * swing * s)) for k, w in enumerate(tones, 1) if f0 * k < 7500)
        y[a:a + len(s)] += loud * wave * np.exp(-held * s) * np.minimum(1, s / 0.01) * np.minimum(1, (len(s) - np.arange(len(s))) / 200)

    parts, end = rng.random(4) < (0.9, 0.7, 0.6, 0.5), n / RATE
    for bar in np.arange(0, end, 4 * beat):
        step = rng.integers(7)
        if parts[0]:
            for d in (0, 2, 4):
                note(bar, 4 * beat, root * 2 ** (1 + (scale[(step + d) % 7] + 12 * ((step + d) // 7)) / 12), 0.4)
        for b in range(4):
            if parts[1]:
                note(bar + b * beat, beat, root * 2 ** (scale[step] / 12), 0.6)
            if parts[2] and rng.random() < 0.8:
                note(bar + b * beat, beat * rng.choice([0.5, 1, 2]), root * 2 ** (2 + scale[rng.integers(7)] / 12), 0.5)
            if parts[3]:
                a = int((bar + b * beat) * RATE)
                m = max(0, min(2400, n - a))
                y[a:a + m] += rng.standard_normal(m) * np.exp(-np.arange(m) / (1200 if b % 2 else 300)) * 0.5
    return y


def signals(n, rng):
    """Telephone signals [n]: ringing, busy and dialling tones, ring tones, beeps."""
    t = np.arange(n) / RATE
    kind = rng.integers(4)
    if kind == 0:                                                       # ring back, busy: two tones, on and off
        f, on, off = ((440, 480), 2, 4) if rng.random() < 0.3 else ((425, 425), rng.uniform(0.2, 1.2), rng.uniform(0.2, 4)) if rng.random() < 0.5 else ((480, 620), 0.5, 0.5)
        y = sum(np.sin(2 * np.pi * x * t) for x in f) * (((t + rng.uniform(0, on + off)) % (on + off)) < on)
    elif kind == 1:                                                     # keys
        y = np.zeros(n)
        for a in np.arange(rng.uniform(0, 3), n / RATE, rng.uniform(0.15, 0.8)):
            i = slice(int(a * RATE), int((a + rng.uniform(0.06, 0.25)) * RATE))
            y[i] = (np.sin(2 * np.pi * rng.choice([697, 770, 852, 941]) * t) + np.sin(2 * np.pi * rng.choice([1209, 1336, 1477]) * t))[i]
    elif kind == 2:                                                     # an old bell, or warbling
        rate = rng.uniform(8, 28)
        y = (np.sin(2 * np.pi * rng.uniform(600, 2600) * t * (1 + 0.15 * (np.sin(2 * np.pi * rate * t) > 0)))
             * (((t + rng.uniform(0, 3)) % rng.uniform(2, 6)) < rng.uniform(0.8, 2)))
    else:                                                               # a melody of beeps
        y = np.zeros(n)
        f0, a = rng.uniform(400, 1200), 0.0
        while a < n / RATE:
            d = rng.choice([0.1, 0.15, 0.3])
            i = slice(int(a * RATE), int((a + d) * RATE))
            y[i] = np.sign(np.sin(2 * np.pi * f0 * 2 ** (rng.integers(0, 13) / 12) * t[i])) if rng.random() < 0.8 else 0
            a += d
    return y + 1e-3 * coloured(n, 1, rng)


def band(n, low, high, rng):
    """Noise [n] between two frequencies, in Hz, RMS one."""
    f = np.fft.rfftfreq(n, 1 / RATE)
    y = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) / (1 + (low / np.maximum(f, 1)) ** 4) / (1 + (f / high) ** 4), n)
    return y / (y.std() + 1e-9)


def noises(n, rng):
    """What people and handsets do beside talking [n]: breath, lips, knocks, rustling, keys, each at a level of its own; perhaps hum.

    Telephone lines carry them between words, 15 to 45 dB below speech; a network that hears only steady noise takes them for soft speech.
    """
    y, at = np.zeros(n), 0.0
    often, favourite = rng.choice([0.3, 0.8, 2, 5]), rng.integers(5)
    while True:
        at += rng.exponential(1 / often) + 0.05
        a = int(at * RATE)
        if a >= n:
            break
        kind = favourite if rng.random() < 0.5 else rng.integers(5)
        if kind == 0:                                                   # breath in or out
            m = int(rng.uniform(0.15, 0.9) * RATE)
            e = band(m, rng.uniform(150, 900), rng.uniform(900, 4000), rng) * np.sin(np.pi * np.linspace(0, 1, m) ** rng.uniform(0.5, 2)) ** 2
        elif kind == 1:                                                 # lips, a click, a key
            m = int(rng.uniform(0.004, 0.05) * RATE)
            e = band(m, rng.uniform(300, 2000), rng.uniform(2000, 7000), rng) * np.exp(-np.arange(m) / (m * rng.uniform(0.1, 0.4)))
        elif kind == 2:                                                 # a knock or the handset put down
            m = int(rng.uniform(0.05, 0.3) * RATE)
            t = np.arange(m)
            e = (np.sin(2 * np.pi * rng.uniform(60, 350) * t / RATE + rng.uniform(0, 6)) + 0.4 * band(m, 100, rng.uniform(400, 2500), rng)) * np.exp(-t / (m * 0.2))
        elif kind == 3:                                                 # rustling: many small ones
            m = int(rng.uniform(0.1, 1.2) * RATE)
            grains = np.repeat(rng.exponential(1, m // 160 + 1) ** 2, 160)[:m]
            e = band(m, rng.uniform(200, 1500), rng.uniform(1500, 6000), rng) * grains * np.hanning(m)
        else:                                                           # wind or air on the microphone
            m = int(rng.uniform(0.1, 0.8) * RATE)
            e = band(m, 30, rng.uniform(150, 700), rng) * np.hanning(m)
        m = min(len(e), n - a)
        y[a:a + m] += e[:m] / (np.sqrt((e * e).mean()) + 1e-9) * 10 ** (rng.uniform(-20, 0) / 20)
    if rng.random() < 0.15:
        f0, t = rng.choice([50, 60, 100, 120]), np.arange(n) / RATE
        y += sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * f0 * k * t + rng.uniform(0, 6)) for k in range(1, 12)) * 10 ** (-rng.uniform(10, 30) / 20)
    return y + 1e-4 * rng.standard_normal(n)


def babble(conversations, n, rng):
    """[n] of five to nine people who talk on at once, none to be followed."""
    frames, y = n // FRAME, np.zeros(n, np.float32)
    x = conversations.x
    for _ in range(rng.integers(5, 10)):
        a = int(rng.integers(0, len(x) - frames))
        y += x[a:a + frames].reshape(-1) * (rng.uniform(0.5, 1) / 32768)
    return y


def track(make, seconds, rng):
    """Ten-second sounds by make(n, rng), one after the other, at RMS 0.1 -> int16 [seconds * 16000]."""
    out = []
    for _ in range(int(np.ceil(seconds / 10))):
        y = make(WINDOW, rng)
        out.append((np.clip(y * 0.1 / (y.std() + 1e-9), -1, 1) * 32767).astype(np.int16))
    return np.concatenate(out)


def line(y, rng):
    """Telephone lines, each row of [N, 160000] another: band, perhaps gain control, a noise gate with comfort noise, lost packets, then 8 bits or fewer."""
    N = len(y)
    f = torch.fft.rfftfreq(WINDOW, 1 / RATE)
    low, high = torch.tensor(rng.uniform(150, 380, (N, 1)), dtype=torch.float32), torch.tensor(rng.uniform(3100, 3800, (N, 1)), dtype=torch.float32)
    H = 1 / (1 + (low / f.clamp(min=1)) ** 6) / (1 + (f / high) ** 24)
    y = torch.fft.irfft(torch.fft.rfft(y) * H, WINDOW)
    frames = y.reshape(N, -1, FRAME)
    level = frames.pow(2).mean(2).sqrt()
    for i in np.flatnonzero(rng.random(N) < 0.2):                       # gain control: what is soft comes up between words
        slow = torch.nn.functional.avg_pool1d(torch.nn.functional.pad(level[i][None, None], (25, 25), "replicate"), 51, 1)[0, 0]
        gain = ((slow + 0.003 * level[i].max() + 1e-6) / (level[i].max() + 1e-6)) ** -rng.uniform(0.2, 0.6)
        frames[i] *= gain[:, None]
        level[i] *= gain
    for i in np.flatnonzero(rng.random(N) < 0.35):                      # silence suppression, perhaps with comfort noise
        quiet = level[i] < level[i].max() * 10 ** (-rng.uniform(25, 40) / 20)
        frames[i] *= torch.where(quiet, 10 ** (-rng.uniform(10, 60) / 20), 1.0)[:, None]
        if rng.random() < 0.5:
            hiss = torch.from_numpy(band(WINDOW, 200, rng.uniform(800, 3500), rng).astype(np.float32)).reshape(-1, FRAME)
            frames[i] += hiss * quiet[:, None] * (level[i].max() * 10 ** (-rng.uniform(35, 60) / 20))
    for i in np.flatnonzero(rng.random(N) < 0.15):                      # lost packets
        lost = torch.from_numpy(rng.random(len(level[i])) < rng.uniform(0.005, 0.05))
        frames[i][lost] = 0
    y = mu_law(frames.reshape(N, WINDOW))
    for i in np.flatnonzero(rng.random(N) < 0.15):                      # a coarser codec: noise that follows the speech
        e = level[i].repeat_interleave(FRAME) * 10 ** (-rng.uniform(12, 25) / 20)
        y[i] += torch.randn(WINDOW) * e
    return y
