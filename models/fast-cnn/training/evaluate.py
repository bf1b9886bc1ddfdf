"""evaluate.py MODEL (checkpoint or ONNX): every figure of the model card that needs labelled audio.

    python evaluate.py MODEL --trials trials-dev.tsv                      # EER at 1, 2, 4 s
    python evaluate.py MODEL --sets sim-dev real-dev --thresholds 0.5 0.6 # DER of the yardstick pipeline; activity; windows
    python evaluate.py MODEL --within sim-dev meet-dev                    # EER of voices of one recording at 1, 2, 4 s
    python evaluate.py MODEL --silence NOISE_FOLDER                       # what silence and noise light
    python evaluate.py MODEL --trials trials-dev.tsv --robust --sample 4  # EER at 2 s when one side is disturbed
    python evaluate.py MODEL --against OTHER --sets sim-dev               # two models on the same windows, and MODEL with gain
    python evaluate.py MODEL --trials TSV --sets DIR... --json OUT.json   # also as JSON

A set is a folder of audio and RTTM. DER: collar 0, overlap scored, 10 ms frames, best mapping; UEM not applied.
"""
import argparse
import collections
import csv
import glob
import json
import os
import numpy as np
from disturb import CONDITIONS, disturb
from metrics import any_speech, der_parts, detection, eer, lit, turns, window_kinds
from runner import RATE, Runner
from speech import read
from within import within
from yardstick import diarize


def segments(rows, tsv):
    """Trial rows -> {(file, start, length): samples [length * 16000]}."""
    root, audio, out = tsv[:-4], {}, {}
    for r in rows:
        for s in "ab":
            f, start, length = key = (r["file_" + s], r["start_" + s], r["len_s"])
            if f not in audio:
                audio[f] = read(os.path.join(root, f))
            a = int(float(start) * RATE)
            out[key] = audio[f][a:a + int(float(length) * RATE)]
    return out


def embed(model, pieces):
    """{key: samples} -> {key: embedding [256]}: one-second windows (hop 0.5 s), dominant slot, weighted by activity."""
    cut = lambda x: [np.pad(x[i:i + RATE], (0, max(0, RATE - len(x[i:i + RATE])))) for i in range(0, max(1, len(x) - RATE // 2), RATE // 2)]
    parts = {k: cut(x) for k, x in pieces.items()}
    e, a = model.batch(np.stack([w for ws in parts.values() for w in ws]))
    total = a.sum(1)
    v = e[np.arange(len(e)), total.argmax(1)] * total.max(1)[:, None]
    out, i = {}, 0
    for k, ws in parts.items():
        s = v[i:i + len(ws)].sum(0)
        out[k], i = s / (np.linalg.norm(s) + 1e-9), i + len(ws)
    return out


def trial_rows(tsv, sample=1, length=None):
    with open(tsv) as f:
        rows = [r for r in csv.DictReader(f, delimiter="\t") if length in (None, r["len_s"])]
    return rows[::sample]


def trial_eer(rows, ea, eb):
    by = collections.defaultdict(list)
    for r in rows:
        s = float(ea[r["file_a"], r["start_a"], r["len_s"]] @ eb[r["file_b"], r["start_b"], r["len_s"]])
        by[r["len_s"]].append((s, int(r["target"])))
    return {k: round(float(eer(*zip(*v))), 2) for k, v in sorted(by.items())}


def trials(model, tsv, sample):
    rows = trial_rows(tsv, sample)
    e = embed(model, segments(rows, tsv))
    return trial_eer(rows, e, e)


def robustness(model, tsv, sample, noise):
    """EER % on the 2 s trials when side b is disturbed and side a is not; activity the dominant slot keeps, in per cent."""
    rows = trial_rows(tsv, sample, "2")
    clean = segments(rows, tsv)
    ea, table = embed(model, clean), {}
    for name in CONDITIONS:
        rng = np.random.default_rng(1)
        table[name] = trial_eer(rows, ea, embed(model, {k: disturb(x, name, rng, noise) for k, x in clean.items()}))["2"]
        print(f"  {name}: EER {table[name]} %", flush=True)
    return table


def measure_set(model, folder, thresholds, on, every=1, hop=12):
    """DER of the yardstick at each threshold, speech detection, and what one-voice and empty windows light."""
    total, off, files = collections.defaultdict(lambda: np.zeros(4)), collections.Counter(), 0
    found, kinds = collections.defaultdict(lambda: np.zeros(3)), np.zeros(4)
    for r in sorted(glob.glob(folder + "/*.rttm"))[::every]:
        x = read(next(p for p in glob.glob(r[:-5] + ".*") if p.endswith((".wav", ".flac", ".opus"))))
        ref, n, files = turns(r), len(x) // 160 + 200, files + 1
        E, A = model.windows(x, hop * 320)
        K, p = len({t[2] for t in ref}), any_speech(A, hop)
        for q in np.arange(1, 10) / 10:
            found[q] += detection(p, ref, n, q)
        one, none = window_kinds(ref, len(A), hop * 0.02)
        none &= (np.arange(len(A)) * hop * 320 + RATE <= len(x))
        s = lit(A, on)
        kinds += [one.sum(), (s[one] == 2).sum(), none.sum(), (s[none] > 0).sum()]
        for t in [*thresholds, "count known"]:
            hyp = diarize(E, A, hop, t, K if t == "count known" else None, on)
            total[t] += der_parts(ref, hyp, n)
            off[t] += abs(len({h[2] for h in hyp}) - K)
    out, name = {}, os.path.basename(folder.rstrip("/"))
    for t, v in total.items():
        m, f, c = 100 * v[:3] / v[3]
        out[f"DER {t}"] = dict(der=round(m + f + c, 2), miss=round(m, 2), false=round(f, 2), confusion=round(c, 2), count_off=round(off[t] / files, 2))
        print(f"{name} {t}: DER {m + f + c:.1f} (miss {m:.1f}, false alarm {f:.1f}, confusion {c:.1f}), speakers off by {off[t] / files:.2f}", flush=True)
    for q, v in found.items():
        out[f"speech at {q:.1f}"] = [round(100 * v[0] / v[2], 2), round(100 * v[1] / v[2], 2)]
    q = min(found, key=lambda q: found[q][:2].sum() / found[q][2])
    m, f = 100 * found[q][:2] / found[q][2]
    m5, f5 = 100 * found[0.5][:2] / found[0.5][2]
    print(f"{name} speech detection: at {q:.1f} miss {m:.1f} + false alarm {f:.1f} = {m + f:.1f} %; at 0.5 {m5:.1f} + {f5:.1f} = {m5 + f5:.1f} %")
    both, any_ = 100 * kinds[1] / max(1, kinds[0]), 100 * kinds[3] / max(1, kinds[2])
    print(f"{name} windows at {on}: one voice lights both {both:.2f} % of {int(kinds[0])}; nobody lights any {any_:.2f} % of {int(kinds[2])}", flush=True)
    return {**out, "one voice lights both %": round(both, 2), "nobody lights any %": round(any_, 2)}


def silence(model, folder, on):
    """Share of windows that light a slot: digital silence, white noise at four levels, and every file of `folder`."""
    rng, out = np.random.default_rng(0), {}
    sounds = {"digital silence": np.zeros(RATE * 4, np.float32)}
    for db in (-60, -40, -20, -10):
        sounds[f"white noise {db} dB"] = (rng.standard_normal(RATE * 30) * 10 ** (db / 20)).astype(np.float32)
    for f in sorted(glob.glob(os.path.join(folder, "*"))):
        sounds[os.path.basename(f)] = read(f)
    n = k = 0
    for name, x in sounds.items():
        s = lit(model.windows(x, 3840)[1][:max(1, (len(x) - RATE) // 3840 + 1)], on)
        out[name], n, k = round(100 * float((s > 0).mean()), 2), n + len(s), k + int((s > 0).sum())
    out["all"] = round(100 * k / n, 2)
    print(f"silence and noise at {on}: {out['all']} % of {n} windows light a slot; " + ", ".join(f"{a} {b}" for a, b in out.items() if b), flush=True)
    return out


def differences(a, b):
    """(embeddings, activity) twice -> least and mean cosine over slots that speak in the first, largest and mean difference of activity."""
    c = (a[0] * b[0]).sum(2)[(a[1] > 0.4).sum(1) >= 8]
    d = abs(a[1] - b[1])
    return dict(least_cosine=round(float(c.min()), 6), mean_cosine=round(float(c.mean()), 6), most_activity=round(float(d.max()), 5), mean_activity=round(float(d.mean()), 6))


def against(model, other, folder):
    """Two models on every tenth second of a set; then the first with other gains."""
    out = {}
    xs = [read(f) for f in sorted(glob.glob(folder + "/*")) if f.endswith((".wav", ".flac", ".opus"))]
    w = np.stack([x[i:i + RATE] for x in xs for i in range(0, len(x) - RATE, 10 * RATE)])
    here = model.batch(w)
    out["other"] = differences(here, other.batch(w))
    for db in (-30, -20, -10, 6):
        out[f"gain {db} dB"] = differences(here, model.batch(np.clip(w * 10 ** (db / 20), -1, 1)))
    for k, v in out.items():
        print(f"{k} ({len(w)} windows): {v}", flush=True)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--trials")
    p.add_argument("--sample", type=int, default=1, help="every so manieth trial")
    p.add_argument("--every", type=int, default=1, help="every so manieth file of --sets, for a quick look")
    p.add_argument("--sets", nargs="*", default=[])
    p.add_argument("--thresholds", type=float, nargs="*", default=[0.5, 0.6, 0.7])
    p.add_argument("--on", type=float, default=0.4, help="activity above which a slot speaks")
    p.add_argument("--within", nargs="*", default=[], help="folders of audio and RTTM: are the voices of one recording told apart?")
    p.add_argument("--silence", default="", help="folder of noises")
    p.add_argument("--robust", action="store_true", help="with --trials: the robustness table")
    p.add_argument("--noise", default="", help="a noise for --robust (else none is tried)")
    p.add_argument("--against", default="", help="another model, to be compared on --sets")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--json", default="")
    a = p.parse_args()
    model, out = Runner(a.model, a.threads), {}
    if a.trials and a.robust:
        out["robust"] = robustness(model, a.trials, a.sample, read(a.noise) if a.noise else None)
    elif a.trials:
        out["eer"] = trials(model, a.trials, a.sample)
        print("EER %", out["eer"], flush=True)
    for d in a.sets if not a.against else []:
        out[os.path.basename(d.rstrip("/"))] = measure_set(model, d, a.thresholds, a.on, a.every)
    if a.against:
        out["against"] = {os.path.basename(d.rstrip("/")): against(model, Runner(a.against, a.threads), d) for d in a.sets}
    for d in a.within:
        name = os.path.basename(d.rstrip("/"))
        out["within " + name] = within(model, d, a.every)
        print(f"{name}: EER % within recordings", out["within " + name], flush=True)
    if a.silence:
        out["silence"] = silence(model, a.silence, a.on)
    if a.json:
        with open(a.json, "w") as f:
            json.dump(out, f, indent=1)


if __name__ == "__main__":
    main()
