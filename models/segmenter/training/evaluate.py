"""evaluate.py NETWORK --sets FOLDER…: what the segmenter hears of labelled recordings.

    python evaluate.py ck.pt --sets real-dev meet-dev phone-dev sim-dev         # a checkpoint, or an ONNX file (also segmentation-3.0's)

Windows of ten seconds every second, posteriors averaged. For each set: speech detection (missed + false alarm in % of speech at each threshold), the
average precision of the probability that two speak, and the DER of local speakers that are given their true speakers, window by window ("oracle clustering"): the floor for any clustering on them.
"""
import argparse
import os
import paths  # noqa: F401
import numpy as np
import torch
from metrics import frames, turns
from network import FRAMES, POWERSET, RATE, WINDOW, Segmenter, from_start
from scipy.optimize import linear_sum_assignment
from speech import read


def load_net(path):
    """Checkpoint, or bare weights -> the (averaged) network, in evaluation mode."""
    k = torch.load(path, map_location="cpu", weights_only=True)
    state = k["ema"] if "ema" in k else k
    net = Segmenter(attend=sorted({int(n.split(".")[1]) for n in state if n.startswith("attend.")}))
    net.load_state_dict(from_start({n: v.float() if v.is_floating_point() else v for n, v in state.items()}, net))
    return net.eval()


class Runner:
    """windows [n, 160000] -> posteriors [n, 1000, 7], 10 ms apart, whatever the network's own frames are."""

    def __init__(self, path):
        if path.endswith(".onnx"):
            from onnx_file import session
            s = session(path)
            name = s.get_inputs()[0].name
            self.one = lambda x: np.exp(s.run(None, {name: x[:, None]})[0])
        else:
            net = load_net(path)

            def run(x):
                with torch.no_grad():
                    return torch.softmax(net(torch.from_numpy(x)), -1).numpy()
            self.one = run

    def __call__(self, windows, size=8):
        p = np.concatenate([self.one(np.ascontiguousarray(windows[i:i + size], dtype=np.float32)) for i in range(0, len(windows), size)])
        at = (np.arange(1000) + 0.5) / 100 * RATE                       # sample of each 10 ms
        first, step = (160, 320) if p.shape[1] == FRAMES else (495, 270)
        return p[:, np.clip(np.round((at - first) / step).astype(int), 0, p.shape[1] - 1)]


def analyse(run, audio, hop=1.0):
    """-> starts [w] in 10 ms, posteriors [w, 1000, 7], probabilities that somebody and that two speak [n, 2] in the recording, every 10 ms."""
    n, step = int(np.ceil(len(audio) / RATE * 100)), int(hop * RATE)
    count = max(1, int(np.ceil((len(audio) - WINDOW) / step)) + 1)
    x = np.pad(audio, (0, max(0, (count - 1) * step + WINDOW - len(audio))))
    p = run(np.lib.stride_tricks.sliding_window_view(x, WINDOW)[::step][:count])
    starts = (np.arange(count) * step * 100) // RATE
    total, levels = np.zeros(starts[-1] + 1000), np.zeros((starts[-1] + 1000, 2))
    for s, q in zip(starts, p):
        total[s:s + 1000] += 1
        levels[s:s + 1000] += np.stack([1 - q[:, 0], q[:, 4:].sum(1)], 1)
    return starts, p, (levels / np.maximum(total, 1)[:, None])[:n]


def detected(speech, on, smooth, fill):
    """Speech [n] bool: the probability, averaged over `smooth` s around each frame, is above `on`; pauses shorter than `fill` s are speech."""
    width = 2 * round(smooth * 50) + 1
    near = np.convolve(speech, np.ones(width), "same") / np.convolve(np.ones(len(speech)), np.ones(width), "same") if smooth else speech
    found = near > on
    edges = np.flatnonzero(np.diff(found.astype(int)))
    for a, b in zip(edges, edges[1:]):
        if found[a] and not found[a + 1] and b - a < round(fill * 100):
            found[a + 1:b + 1] = True
    return found


def average_precision(scores, labels):
    """In per cent: scores [n], labels [n] bool."""
    hits = labels[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return 100 * (precision * hits).sum() / max(1, hits.sum())


def oracle(starts, p, ref, on=0.5):
    """Missed, false, confused, spoken 10 ms frames when each window's local speakers are given the true speakers that suit them best."""
    n, k = ref.shape
    votes, total = np.zeros((starts[-1] + 1000, k)), np.zeros(starts[-1] + 1000)
    for s, q in zip(starts, p):
        local = POWERSET[q.argmax(1)]                                   # [1000, 3]
        own = ref[s:s + 1000].astype(float)
        own = np.pad(own, ((0, 1000 - len(own)), (0, 0)))
        gain = local.T @ own - 0.5 * local.sum(0)[:, None]              # rather nobody than mostly wrong
        total[s:s + 1000] += 1
        for i, j in zip(*linear_sum_assignment(-gain)):
            if gain[i, j] > 0:
                votes[s:s + 1000, j] += local[:, i]
    h = (votes / np.maximum(total, 1)[:, None] > on)[:n]
    nr, nh, both = ref.sum(1), h.sum(1), (ref & h).sum(1)
    return np.array([np.maximum(nr - nh, 0).sum(), np.maximum(nh - nr, 0).sum(), (np.minimum(nr, nh) - both).sum(), nr.sum()])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("network", nargs="+")
    p.add_argument("--sets", nargs="+", required=True)
    p.add_argument("--on", type=float, nargs="+", default=[0.3, 0.5, 0.7])
    p.add_argument("--smooth", type=float, default=0, help="seconds over which the probability of speech is averaged")
    p.add_argument("--fill", type=float, default=0, help="seconds: shorter pauses count as speech")
    p.add_argument("--every", type=int, default=1, help="only every so manieth recording")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    for path in a.network:
        run = Runner(path)
        for folder in a.sets:
            vad, who, two = np.zeros((len(a.on), 3)), np.zeros(4), []
            for name in sorted(n[:-5] for n in os.listdir(folder) if n.endswith(".rttm"))[::a.every]:
                audio = next(os.path.join(folder, name + e) for e in (".flac", ".opus", ".wav") if os.path.exists(os.path.join(folder, name + e)))
                starts, q, levels = analyse(run, read(audio))
                speech = levels[:, 0]
                ref = frames(turns(os.path.join(folder, name + ".rttm")), len(speech))
                two.append(np.stack([levels[:, 1], ref.sum(1) > 1]))
                any_ref = ref.any(1)
                found = [detected(speech, on, a.smooth, a.fill) for on in a.on]
                vad += [[(any_ref & ~f).sum(), (~any_ref & f).sum(), any_ref.sum()] for f in found]
                who += oracle(starts, q, ref)
            parts = "; ".join(f"{100 * (m + f) / r:.1f} ({100 * m / r:.1f} + {100 * f / r:.1f}) at {on}" for on, (m, f, r) in zip(a.on, vad))
            m, f, c, r = who
            overlap, spoken = np.concatenate(two, 1)
            print(f"{os.path.basename(path)} {os.path.basename(os.path.normpath(folder))}: speech {parts}; "
                  f"average precision of two {average_precision(overlap, spoken > 0):.1f}; "
                  f"oracle DER {100 * (m + f + c) / r:.1f} ({100 * m / r:.1f} + {100 * f / r:.1f} + {100 * c / r:.1f})", flush=True)


if __name__ == "__main__":
    main()
