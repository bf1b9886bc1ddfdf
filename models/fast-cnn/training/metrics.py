"""Error rates: equal error rate, diarization error, speech detection, and what windows light."""
import numpy as np
from scipy.optimize import linear_sum_assignment


def eer(scores, labels):
    """Equal error rate in per cent: scores [n], labels [n] of 0 and 1."""
    o = np.argsort(-np.asarray(scores), kind="stable")
    l = np.asarray(labels)[o]
    miss, false = 1 - np.cumsum(l) / l.sum(), np.cumsum(1 - l) / (1 - l).sum()
    i = np.argmin(abs(miss - false))
    return 50 * (miss[i] + false[i])


def turns(path):
    """RTTM -> [(start s, length s, speaker)]."""
    with open(path) as f:
        return [(float(p[3]), float(p[4]), p[7]) for p in map(str.split, f) if p and p[0] == "SPEAKER"]


def frames(ts, n, rate=100):
    """Turns -> bool [n, speakers] at `rate` frames a second."""
    who = sorted({t[2] for t in ts})
    m = np.zeros((n, max(1, len(who))), bool)
    for s, d, k in ts:
        m[int(round(s * rate)):int(round((s + d) * rate)), who.index(k)] = 1
    return m


def der_parts(ref, hyp, n):
    """Turns, turns, number of 10 ms frames -> missed, false alarm, confused, scored speech, in frames (collar 0, overlap scored)."""
    r, h = frames(ref, n), frames(hyp, n)
    c = r.T.astype(float) @ h.astype(float)
    right = c[linear_sum_assignment(-c)].sum()
    nr, nh = r.sum(1), h.sum(1)
    return np.array([np.maximum(nr - nh, 0).sum(), np.maximum(nh - nr, 0).sum(), np.minimum(nr, nh).sum() - right, nr.sum()])


def any_speech(activity, hop):
    """Activity [n, 50, 2] of windows every `hop` 20 ms frames -> probability that anyone speaks, [frames] at 50 a second."""
    win = np.hanning(52)[1:-1] + 0.05
    T = (len(activity) - 1) * hop + 50
    num, den = np.zeros(T), np.zeros(T)
    for i, a in enumerate(activity.max(2)):
        num[i * hop:i * hop + 50] += a * win
        den[i * hop:i * hop + 50] += win
    return num / np.maximum(den, 1e-6)


def detection(p, ref, n, on):
    """Missed and false-alarm 10 ms frames of speech detection at threshold `on`, and reference speech."""
    r = frames(ref, n).any(1)
    h = np.repeat(p > on, 2)[:n]
    h = np.pad(h, (0, n - len(h)))
    return np.array([(r & ~h).sum(), (~r & h).sum(), r.sum()])


def window_kinds(ref, n_windows, hop_s, margin=0.1):
    """-> bool [n] one voice (at least 0.5 s of it and no other within the margin), bool [n] nobody within the margin."""
    m = frames(ref, int((n_windows * hop_s + 2) * 100))
    one, none, k = np.zeros(n_windows, bool), np.zeros(n_windows, bool), int(margin * 100)
    for i in range(n_windows):
        a = int(round(i * hop_s * 100))
        some = m[max(0, a - k):a + 100 + k].any(0).sum()
        one[i] = some == 1 and m[a:a + 100].any(1).sum() >= 50
        none[i] = some == 0
    return one, none


def lit(activity, on, least=8):
    """Activity [n, 50, 2] -> number of slots [n] that light: above `on` for at least `least` frames (0.16 s), as the pipeline counts them."""
    return ((activity > on).sum(1) >= least).sum(1)
