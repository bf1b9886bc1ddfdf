"""Conditions for the robustness table: what is done to clean speech at 16 kHz."""
import numpy as np
import scipy.signal as ss

RATE = 16000
CONDITIONS = ("clean", "white noise 20 dB", "white noise 10 dB", "real noise 10 dB", "real noise 5 dB", "telephone band", "low pass 4 kHz",
              "gain -30 dB", "gain +6 dB (clipped)", "room 0.3 s", "room 0.6 s")


def add(x, n, snr):
    return x + n * np.sqrt((x * x).mean() / ((n * n).mean() + 1e-12)) * 10 ** (-snr / 20)


def room(t60, drr, rng):
    """Impulse response of a statistical room: decaying noise `drr` dB under the direct sound."""
    n = int(t60 * RATE)
    h = rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    h[:80] = 0
    h *= 10 ** (-drr / 20) / np.sqrt((h * h).sum())
    h[0] = 1
    return h


def disturb(x, name, rng, noise=None):
    """Samples [n] -> samples [n] float32 in condition `name`; "real noise" needs `noise` [m]."""
    if name.startswith("white"):
        x = add(x, rng.standard_normal(len(x)), float(name.split()[2]))
    elif name.startswith("real") and noise is not None:
        o = rng.integers(0, max(1, len(noise) - len(x)))
        x = add(x, np.resize(noise[o:o + len(x)], len(x)), float(name.split()[2]))
    elif name.startswith("telephone"):
        x = ss.sosfilt(ss.butter(4, [300, 3400], "bp", fs=RATE, output="sos"), x)
    elif name.startswith("low"):
        x = ss.sosfilt(ss.butter(6, 4000, "lp", fs=RATE, output="sos"), x)
    elif name.startswith("gain"):
        x = np.clip(x * 10 ** (float(name.split()[1]) / 20), -1, 1)
    elif name.startswith("room"):
        x = ss.fftconvolve(x, room(float(name.split()[1]), 0.0, rng))[:len(x)]
    return np.asarray(x, np.float32)
