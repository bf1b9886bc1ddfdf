"""A simple pipeline to compare networks with (not the product's): average linkage of single windows, one threshold."""
import collections
import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment


def unit(v):
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def slots(E, A, on):
    """Embeddings [n, 2, 256], activity [n, 50, 2] -> [(window, slot)] of the slots that speak, their embeddings, their weights."""
    local, emb, w = [], [], []
    for i in range(len(E)):
        for s in range(2):
            if (A[i, :, s] > on).sum() >= 8:
                local.append((i, s))
                emb.append(E[i, s])
                w.append((A[i, :, s] * (A[i, :, 1 - s] < 0.5)).sum() + 0.1)
    return local, np.array(emb), np.array(w)


def centroids(emb, w, threshold, count):
    """Average linkage (by `threshold` of cosine distance, or to `count` clusters), then three rounds of reassignment."""
    good = np.flatnonzero(w >= 20) if (w >= 20).sum() >= 2 else np.arange(len(w))
    if len(good) > 3000:
        good = good[np.linspace(0, len(good) - 1, 3000).astype(int)]
    lab = np.zeros(1, int)
    if len(good) > 1:
        Z = linkage(emb[good], "average", metric="cosine")
        lab = (fcluster(Z, count, "maxclust") if count else fcluster(Z, threshold, "distance")) - 1
    size = np.bincount(lab, weights=w[good])
    keep = np.flatnonzero(size >= 50) if (size >= 50).any() else np.array([size.argmax()])
    cen = unit(np.stack([(emb[good][lab == k] * w[good][lab == k, None]).sum(0) for k in keep]))
    for _ in range(3):
        a = (emb @ cen.T).argmax(1)
        cen = unit(np.stack([(emb[a == k] * w[a == k, None]).sum(0) if (a == k).any() else cen[k] for k in range(len(cen))]))
    return cen


def diarize(E, A, hop, threshold, count=None, on=0.4):
    """Windows every `hop` 20 ms frames -> [(start s, length s, speaker)]."""
    local, emb, w = slots(E, A, on)
    if not local:
        return []
    cen = centroids(emb, w, threshold, count)
    S = emb @ cen.T
    T = (len(E) - 1) * hop + 50
    num, den, win = np.zeros((T, len(cen))), np.zeros(T), np.hanning(52)[1:-1] + 0.05
    of = collections.defaultdict(list)
    for k, (i, s) in enumerate(local):
        of[i].append((s, k))
    for i in range(len(E)):
        t = slice(i * hop, i * hop + 50)
        den[t] += win
        here = of.get(i, [])
        if len(here) == 2 and len(cen) > 1:
            r, c = linear_sum_assignment(-S[[here[0][1], here[1][1]]])
            pairs = [(here[p][0], q) for p, q in zip(r, c)]
        else:
            pairs = [(s, int(S[k].argmax())) for s, k in here]
        for s, c in pairs:
            num[t, c] += A[i, :, s] * win
    return to_turns(num / np.maximum(den, 1e-6)[:, None] > on)


def to_turns(P, gap=10, least=5):
    """bool [T, speakers] per 20 ms -> turns; gaps under `gap` frames filled, islands under `least` dropped."""
    out = []
    for c in range(P.shape[1]):
        d = np.diff(np.r_[0, P[:, c].astype(int), 0])
        merged = []
        for a, b in zip(np.flatnonzero(d == 1), np.flatnonzero(d == -1)):
            if merged and a - merged[-1][1] < gap:
                merged[-1][1] = b
            else:
                merged.append([a, b])
        out += [(a * 0.02, (b - a) * 0.02, str(c)) for a, b in merged if b - a >= least]
    return out
