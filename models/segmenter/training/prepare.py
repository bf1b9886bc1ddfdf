"""prepare.py CORPUS… --out DATA: the speech of all packed corpora in one bank, noises and rooms; with --teacher and --talk real talk with its posteriors.

    python prepare.py CORPUS/train CORPUS/train2 CORPUS/train2/unlabelled --noise CORPUS/noise/noise CORPUS/noise2/noise
        --rooms CORPUS/noise/rir CORPUS/noise2/rir --talk CORPUS/talk --teacher segmentation-3.0.onnx --out data

Writes bank.pt (the Fast CNN's, with the corpus of each speaker), noise.npy, rooms.npy, talk.npy (int16 [n, 160000]) and talk-targets.npy (float16 [n, 500, 7]).
Talk is laid out twice: in a row, and shuffled with a quarter of it under other talk, so that overlap of real speech occurs.
"""
import argparse
import csv
import os
import paths  # noqa: F401
import numpy as np
import soundfile as sf
import torch
from network import FRAME, FRAMES, RATE, WINDOW
from rooms import load_rooms
from speech import Bank, at_rate, load_noise, load_packed


def corpora(folders):
    """-> {speaker: pieces}, {speaker: corpus} of packed corpora."""
    pieces, groups = {}, {}
    for folder in folders:
        for speaker, xs in load_packed(folder).items():
            pieces.setdefault(speaker, []).extend(xs)
        with open(os.path.join(folder, "index.tsv")) as f:
            groups.update({row["speaker"]: row["corpus"] for row in csv.DictReader(f, delimiter="\t")})
    return pieces, groups


def talk_streams(folder, rng):
    """Two streams float32 [n] of all talk in `folder`."""
    clips = []
    for name in sorted(os.listdir(folder)):
        if name.endswith((".opus", ".ogg", ".flac", ".wav")):
            x, rate = sf.read(os.path.join(folder, name), dtype="float32", always_2d=True)
            x = at_rate(x.mean(1), rate)
            clips.append(x * (0.05 / np.sqrt((x * x).mean() + 1e-9)))
    join = lambda xs: np.concatenate([y for x in xs for y in (x * 10 ** (rng.normal(0, 3) / 20), rng.standard_normal(int(rng.uniform(0.1, 1.2) * RATE)).astype(np.float32) * 1e-4)])
    first = join(clips)
    order = lambda: join([clips[i] for i in rng.permutation(len(clips))])
    a, b = order(), order()
    n = min(len(a), len(b))
    block = rng.random(n // (4 * RATE) + 1) < 0.25
    over = np.convolve(np.repeat(block, 4 * RATE)[:n].astype(np.float32), np.ones(800) / 800, "same")
    return first, (a[:n] + b[:n] * over * 0.6).astype(np.float32)


def teacher_posteriors(session, windows):
    """[n, 160000] -> posteriors float16 [n, 500, 7] of segmentation-3.0 on our frames (its own are 270 samples apart, the first centred at 495)."""
    out = []
    for x in windows:
        lp = session.run(None, {session.get_inputs()[0].name: x[None, None]})[0][0]
        at = ((np.arange(FRAMES) + 0.5) * FRAME - 495) / 270
        lo = np.clip(np.floor(at).astype(int), 0, len(lp) - 2)
        w = np.clip(at - lo, 0, 1)[:, None]
        p = np.exp(lp)
        out.append(((1 - w) * p[lo] + w * p[lo + 1]).astype(np.float16))
    return np.array(out)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("corpus", nargs="+")
    p.add_argument("--noise", nargs="*", default=[])
    p.add_argument("--rooms", nargs="*", default=[])
    p.add_argument("--talk", default="")
    p.add_argument("--teacher", default="")
    p.add_argument("--step", type=float, default=1.7, help="seconds between windows of talk")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    into = lambda name: os.path.join(a.out, name)
    pieces, groups = corpora(a.corpus)
    bank = Bank(pieces, min_s=0.8)
    bank.save(into("bank.pt"))
    torch.save([groups[s] for s in bank.names], into("groups.pt"))
    print(f"{len(bank.names)} speakers, {bank.v.sum().item() / 180000:.2f} hours of speech", flush=True)
    np.save(into("noise.npy"), np.concatenate([load_noise(f) for f in a.noise]) if a.noise else np.zeros(0, np.int16))
    rooms = [r[:RATE] for f in a.rooms for r in load_rooms(f)]
    np.save(into("rooms.npy"), np.array([np.pad(r, (0, RATE - len(r))) for r in rooms], np.float32))
    if a.talk and a.teacher:
        import onnxruntime as ort
        o = ort.SessionOptions()
        o.intra_op_num_threads = 1
        session = ort.InferenceSession(a.teacher, o)
        step = int(a.step * RATE)
        windows = np.concatenate([np.lib.stride_tricks.sliding_window_view(x, WINDOW)[::step] for x in talk_streams(a.talk, np.random.default_rng(0))])
        np.save(into("talk.npy"), (windows.clip(-1, 1) * 32767).astype(np.int16))
        np.save(into("talk-targets.npy"), teacher_posteriors(session, windows))
        print(f"{len(windows)} windows of talk", flush=True)


if __name__ == "__main__":
    main()
