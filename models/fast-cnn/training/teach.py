"""teach.py CORPUS OUT: the bank of all speakers' speech and the teacher's centroid of each, for train.py --data OUT.

CORPUS: a packed corpus (index.tsv) or a folder of your own with a sub-folder of sound files for each speaker; several may be given.
Teacher: Resemblyzer 0.1.4 (Apache-2.0; GE2E LSTM, 256-d). A speaker's centroid is the mean of up to ten 1.6 s partials,
minus the mean over all speakers as recorded, at unit length. About four minutes on two cores for 2,771 speakers, each at three speeds.
Writes OUT/bank.pt and OUT/centroids.npz (C [speakers, 256], mean [256]); --mean FILE takes the mean from an earlier centroids.npz, so
that speech added later is taught in the same space.
"""
import argparse
import os
import sys
import types
import numpy as np
import torch
from speech import Bank, FRAME, load_speech, with_speeds


def teacher(device):
    """-> function from a list of clean samples (float32 at 16 kHz, equally long) to embeddings [n, 256]."""
    sys.modules.setdefault("webrtcvad", types.SimpleNamespace(Vad=object))  # Resemblyzer's audio module wants it; it is not used here
    from resemblyzer import VoiceEncoder
    from resemblyzer.audio import wav_to_mel_spectrogram
    encoder = VoiceEncoder(device, verbose=False)

    def embed(pieces):
        level = lambda x: x * (10 ** (-30 / 20) / max(np.sqrt((x * x).mean()), 1e-6))
        mels = np.stack([wav_to_mel_spectrogram(level(x)) for x in pieces])
        with torch.no_grad():
            return encoder(torch.from_numpy(mels).to(device)).cpu().numpy()
    return embed


def partials(bank, longest=80, most=10):
    """-> [(speaker, first frame, frames)]: up to `most` pieces of `longest` frames each, spread over a speaker's speech."""
    jobs = []
    for i, (a, e) in enumerate(bank.range):
        n = e - a
        k = int(np.clip(n // 60, 1, most))
        jobs += [(i, a + int((n - longest) * j / max(k - 1, 1)) if n > longest else a, min(longest, n)) for j in range(k)]
    return jobs


def centroids(bank, device="cpu", batch=128):
    """-> [speakers, 256], unit length, not mean-free."""
    embed, jobs, E = teacher(device), partials(bank), np.zeros((len(bank.range), 256))
    for length in sorted({j[2] for j in jobs}, reverse=True):
        todo = [j for j in jobs if j[2] == length]
        for q in range(0, len(todo), batch):
            part = todo[q:q + batch]
            v = embed([bank.x[o * FRAME:(o + n) * FRAME].numpy().astype(np.float32) / 32768 for _, o, n in part])
            np.add.at(E, [i for i, _, _ in part], v)
            if q % (20 * batch) == 0:
                print(f"{length / 50:.2f} s: {q} of {len(todo)}", flush=True)
    return E / np.linalg.norm(E, axis=1, keepdims=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("corpus", nargs="+")
    p.add_argument("out")
    p.add_argument("--device", default="cpu")
    p.add_argument("--mean", default="")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    pieces = {}
    for root in a.corpus:
        pieces.update(load_speech(root))
    bank = Bank(with_speeds(pieces))
    print(f"{len(bank.names)} speakers, {len(bank.x) / 16000 / 3600:.2f} hours, at three speeds", flush=True)
    bank.save(os.path.join(a.out, "bank.pt"))
    E = centroids(bank, a.device)
    mean = np.load(a.mean)["mean"] if a.mean else E[[i for i, n in enumerate(bank.names) if "@" not in n]].mean(0)
    Z = E - mean
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    np.savez(os.path.join(a.out, "centroids.npz"), C=Z.astype(np.float32), mean=mean.astype(np.float32))


if __name__ == "__main__":
    main()
