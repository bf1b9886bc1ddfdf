"""Channels and noises that speech is put through: rooms, bands, tilts; coloured, real and made-up noise."""
import numpy as np
import torch

RATE = 16000
REACH = 8000                                                            # longest impulse response, samples
NFFT = 24000                                                            # half a second before the window, and the window
SEATS = 3                                                               # places of a talker that a device is simulated for
SOUND = 343.0                                                           # metres a second


def room(rng):
    """A statistical room [REACH]: direct sound at 0, a few early reflections, then a tail that darkens as it decays."""
    h = np.zeros(REACH)
    t = np.arange(REACH) / RATE
    t60 = rng.uniform(0.1, 0.9)
    r = rng.standard_normal(REACH)
    dark = np.convolve(r, np.ones(6) / 2.4, "same")
    mix = np.clip(t / t60, 0, 1)
    r = (r * (1 - mix) + dark * mix) * np.exp(-6.9 * t / t60)
    r[:int(rng.uniform(0.002, 0.015) * RATE)] = 0
    for d in rng.uniform(0.001, 0.03, rng.integers(0, 9)):
        r[int(d * RATE)] += rng.normal(0, 6) * np.exp(-6.9 * d / t60)
    drr = rng.uniform(-4, 14)                                           # direct to reverberant, dB
    h += r * 10 ** (-drr / 20) / np.sqrt((r * r).sum() + 1e-9)
    h[0] += 1
    return h


def shoebox(rng, seats):
    """A rectangular room with one microphone, `seats` positions of a talker: impulse responses [seats, REACH], direct sound 1 at 0.

    Image method (Allen and Berkley, 1979) for the first 60 ms, with displaced images; then a tail that decays and darkens as the room does (Eyring).
    """
    size, t60 = rng.uniform((2.5, 2.5, 2.3), (10, 8, 3.6)), rng.uniform(0.15, 0.9)
    volume, walls = size.prod(), 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    reflect = np.sqrt(max(0.02, np.exp(-0.161 * volume / (walls * t60))))
    mic = size * rng.uniform((0.25, 0.25, 0.25), (0.75, 0.75, 0.5))
    far = np.exp(rng.uniform(np.log(0.3), np.log(3)))
    join = int(0.06 * RATE)
    return np.array([seat(rng, size, mic, far * rng.uniform(0.7, 1.4), reflect, t60, join) for _ in range(seats)])


def seat(rng, size, mic, far, reflect, t60, join):
    """Impulse response [REACH] from a random direction at about `far` metres to `mic`."""
    a = rng.uniform(0, 2 * np.pi)
    at = np.clip(mic + far * np.array([np.cos(a), np.sin(a), rng.uniform(-0.1, 0.4)]), 0.2, size - 0.2)
    near = np.linalg.norm(at - mic)
    reach = SOUND * join / RATE + near
    axes = []
    for k in range(3):
        m = np.arange(-int(reach / size[k] / 2) - 1, int(reach / size[k] / 2) + 2)
        axes.append((np.r_[at[k] + 2 * m * size[k], -at[k] + 2 * m * size[k]] - mic[k], np.r_[2 * abs(m), abs(m - 1) + abs(m)]))
    x, y, z = np.meshgrid(*(p for p, _ in axes), indexing="ij")
    bounces = sum(np.meshgrid(*(n for _, n in axes), indexing="ij"))
    away = np.sqrt(x * x + y * y + z * z)
    away = np.maximum(near, away + (bounces > 0) * rng.uniform(-0.04, 0.04, away.shape))
    when = ((away - near) / SOUND * RATE).astype(int)
    keep = when < join
    h = np.zeros(REACH)
    np.add.at(h, when[keep], (reflect ** bounces / away * near)[keep])
    t = np.arange(join, REACH) / RATE
    tail = rng.standard_normal(REACH - join)
    dark, mix = np.convolve(tail, np.ones(6) / 2.4, "same"), np.clip(t / t60, 0, 1)
    level = np.sqrt((h[join - join // 4:join] ** 2).mean())
    h[join:] = (tail * (1 - mix) + dark * mix) * np.exp(-6.9 * (t - t[0]) / t60) * level
    return h


def measured(rng, real):
    """One of the measured impulse responses [REACH], shorter or longer."""
    r = real[rng.integers(len(real))]
    r = np.interp(np.arange(0, len(r), rng.uniform(0.7, 1.4)), np.arange(len(r)), r)[:REACH]
    h = np.pad(r, (0, REACH - len(r)))
    return h / np.sqrt((h * h).sum() + 1e-12) * np.hanning(2 * REACH)[REACH:]


def channels(n, rng, real=(), seats=SEATS):
    """n devices, each where it hears `seats` talkers -> frequency responses complex64 [n * seats, NFFT/2+1] and bool [n * seats] telephone.

    `real`: measured impulse responses at 16 kHz.
    """
    out, phone = [], []
    f = np.fft.rfftfreq(NFFT, 1 / RATE)
    for _ in range(n):
        h = np.zeros((seats, REACH))
        h[:, 0] = 1
        u = rng.random()
        if u < 0.45:
            h = shoebox(rng, seats)
        elif u < 0.63:
            h = np.array([room(rng) for _ in range(seats)])
        elif u < 0.68 and len(real):
            h = np.array([measured(rng, real)] * seats)
        H = np.fft.rfft(h, NFFT)
        if rng.random() < 0.6:
            knots = np.sort(rng.uniform(50, 8000, 4))
            H = H * 10 ** (np.interp(f, np.r_[0, knots, 8000], rng.normal(0, 3.5, 6)) / 20)
        u = rng.random()
        phone.append(u < 0.09)
        if u < 0.09:
            H = H / (1 + (rng.uniform(200, 350) / np.maximum(f, 1)) ** 6) / (1 + (f / rng.uniform(3200, 3700)) ** 20)
        elif u < 0.17:
            H = H / (1 + (f / rng.uniform(3500, 7000)) ** 16)
        out.append((H / np.sqrt((np.abs(H) ** 2).mean(1, keepdims=True))).astype(np.complex64))
    return torch.from_numpy(np.concatenate(out)), torch.tensor(phone).repeat_interleave(seats)


def coloured(n, slope, rng):
    """Noise [n] whose power falls with frequency to the power of `slope`."""
    f = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20)
    return np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * f ** (-slope / 2), n)


def made_up(n, rng):
    """Sounds that are not speech: hum, beeps and chords, clicks, puffs and swells of noise [n]."""
    t, y, kind = np.arange(n) / RATE, np.zeros(n), rng.integers(5)
    if kind == 0:                                                       # hum
        f0 = rng.uniform(40, 240)
        for k in range(1, 12):
            y += rng.exponential(1 / k) * np.sin(2 * np.pi * (k * f0 * t + rng.random()))
    elif kind == 1:                                                     # beeps, chords, sweeps
        for _ in range(int(n / RATE * 2)):
            a, d = int(rng.uniform(0, n)), int(rng.uniform(0.05, 0.8) * RATE)
            s = t[:max(0, min(d, n - a))]
            for f0 in rng.uniform(150, 3500) * 2 ** (rng.integers(0, 13, rng.integers(1, 4)) / 12):
                y[a:a + len(s)] += np.sin(2 * np.pi * (f0 * s + rng.normal(0, 300) * s * s)) * np.exp(-s * rng.uniform(0, 12)) * rng.uniform(0.2, 1)
    elif kind == 2:                                                     # clicks, keys, knocks
        for _ in range(int(n / RATE * rng.uniform(1, 12))):
            a, d = int(rng.uniform(0, n - 800)), int(rng.uniform(20, 800))
            y[a:a + d] += rng.standard_normal(d) * np.exp(-np.arange(d) / d * 6) * rng.uniform(0.2, 1)
    else:                                                               # noise that comes and goes
        e = np.interp(np.arange(n), np.arange(0, n + 2000, 2000), rng.exponential(1, len(np.arange(0, n + 2000, 2000))) ** (1 if kind == 3 else 3))
        y = coloured(n, rng.uniform(0, 2), rng) * e
    return y + 0.03 * y.std() * coloured(n, 1, rng) / 1.0 if kind > 2 else y + 0.03 * (y.std() + 1e-6) * rng.standard_normal(n)


def noise_track(rng, real=None, minutes=20):
    """int16 [n] at RMS about 0.1: coloured 25 %, real (at several speeds and tilts) 60 %, made-up 15 %; None for `real` leaves it out."""
    out, n = [], 10 * RATE
    for i in range(int(minutes * 6)):
        u = rng.random()
        if u < 0.6 and real is not None:
            a, speed = rng.integers(0, max(1, len(real) - 2 * n)), rng.uniform(0.75, 1.3)
            y = np.interp(np.arange(n) * speed, np.arange(2 * n), np.resize(real[a:a + 2 * n], 2 * n).astype(np.float32))
            Y, f = np.fft.rfft(y), np.fft.rfftfreq(n, 1 / RATE)
            y = np.fft.irfft(Y * 10 ** (np.interp(f, np.linspace(0, 8000, 6), rng.normal(0, 4, 6)) / 20), n)
        elif u < 0.85:
            y = coloured(n, rng.uniform(0, 2.2), rng)
        else:
            y = made_up(n, rng)
        out.append((np.clip(y * 0.1 / (y.std() + 1e-9), -1, 1) * 32767).astype(np.int16))
    return torch.from_numpy(np.concatenate(out))


def load_rooms(folder):
    """Measured impulse responses in `folder` -> list of float [n] at 16 kHz, direct sound first."""
    import os
    import soundfile as sf
    from speech import at_rate
    out = []
    for name in sorted(os.listdir(folder)) if folder and os.path.isdir(folder) else []:
        if name.lower().endswith((".wav", ".flac")):
            x, rate = sf.read(os.path.join(folder, name), dtype="float32", always_2d=True)
            for c in range(x.shape[1]):
                y = at_rate(x[:, c], rate)
                out.append(y[max(0, int(np.argmax(np.abs(y))) - 16):])
    return out
