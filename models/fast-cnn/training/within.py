"""How well voices of one recording are told apart: EER of stretches of speech, as clustering compares them."""
import glob
import numpy as np
from metrics import eer, frames, turns, window_kinds
from speech import read

RATE = 16000
HOP = 0.5                                                               # seconds between windows
LENGTHS = (1, 2, 4)                                                     # seconds


def single_voices(ref, n):
    """Reference turns -> for each of n windows every HOP seconds: the index of the one speaker who is heard, or -1."""
    one, _ = window_kinds(ref, n, HOP)
    m = frames(ref, int((n * HOP + 2) * 100))
    who = np.array([m[int(i * HOP * 100):int(i * HOP * 100) + 100].sum(0).argmax() for i in range(n)])
    return np.where(one, who, -1)


def stretches(e, a, who, windows):
    """Windows (embeddings [n, 2, d], activity [n, 50, 2], speaker [n]) -> first windows, speakers, unit embeddings of runs of `windows` of one speaker."""
    total = a.sum(1)
    v = e[np.arange(len(e)), total.argmax(1)] * total.max(1)[:, None]
    at = [i for i in range(0, len(who) - windows + 1) if who[i] >= 0 and (who[i:i + windows] == who[i]).all()]
    s = np.array([v[i:i + windows].sum(0) for i in at]).reshape(len(at), v.shape[1])
    return np.array(at, int), who[at] if at else np.zeros(0, int), s / (np.linalg.norm(s, axis=1, keepdims=True) + 1e-9)


def pairs(at, who, v, windows):
    """Cosines of all pairs that share no audio, and whether they are of one speaker."""
    i, j = np.triu_indices(len(at), 1)
    apart = at[j] - at[i] > windows
    i, j = i[apart], j[apart]
    return (v[i] * v[j]).sum(1), who[i] == who[j]


def within(model, folder, every=1):
    """EER % by length of stretches, over all pairs of one recording. `folder`: audio and RTTM."""
    scores, same = {s: [] for s in LENGTHS}, {s: [] for s in LENGTHS}
    for r in sorted(glob.glob(folder + "/*.rttm"))[::every]:
        x = read(next(p for p in glob.glob(r[:-5] + ".*") if p.endswith((".wav", ".flac", ".opus"))))
        e, a = model.windows(x, int(HOP * RATE))
        who = single_voices(turns(r), len(a))
        for seconds in LENGTHS:
            windows = int((seconds - 1) / HOP) + 1
            c, t = pairs(*stretches(e, a, who, windows), windows)
            scores[seconds].append(c)
            same[seconds].append(t)
    return {s: round(float(eer(np.concatenate(scores[s]), np.concatenate(same[s]).astype(int))), 2) for s in LENGTHS}
