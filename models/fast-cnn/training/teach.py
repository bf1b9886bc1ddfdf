"""teach.py CORPUS… OUT --teacher campplus.onnx: the bank of all speakers' speech and the teacher's embeddings of it, for train.py --data OUT.

CORPUS: a packed corpus (index.tsv) or a folder of your own with a sub-folder of sound files for each speaker; several may be given.
Teacher: CAM++ of 3D-Speaker (Apache-2.0, 192 numbers), as ONNX: `feats` [N, T, 80] -> `embs` [N, 192].
All speech goes through it once, in chunks of about four seconds. A chunk's embedding is what the teacher says of these very seconds; the mean of a
speaker's chunks is the speaker's centroid, which is less noisy. Both are taken relative to the mean over all speakers, at unit length.
About a second of one core for a minute of speech. Resumable: killed, the same command goes on.

Writes OUT/bank.pt, OUT/chunks.npy (float16 [chunks, 192], as the teacher gives them, at unit length) and OUT/targets.npz
(C [speakers, 192], L [chunks, 192], mean [192]); --mean FILE takes the mean from an earlier targets.npz, so that speech added later is taught in
the same space. --speeds: every speaker also slower and faster, as further speakers (three times the work).
"""
import argparse
import os
import kaldi_native_fbank as knf
import numpy as np
from onnx_file import session
from speech import Bank, FRAME, RATE, chunks, load_speech, with_speeds

LEAST = 98                                                              # fewer frames say too little: what is shorter is repeated


def fbank(x):
    """Samples float32 [n] at 16 kHz -> Kaldi's log mel energies [T, 80], free of their mean."""
    o = knf.FbankOptions()
    o.frame_opts.samp_freq, o.frame_opts.dither, o.frame_opts.window_type = RATE, 0, "povey"
    o.mel_opts.num_bins, o.mel_opts.low_freq, o.mel_opts.high_freq = 80, 20, 8000
    f = knf.OnlineFbank(o)
    f.accept_waveform(RATE, x.tolist())
    f.input_finished()
    y = np.stack([f.get_frame(i) for i in range(f.num_frames_ready)])
    y = np.concatenate([y] * -(-LEAST // len(y)))
    return (y - y.mean(0)).astype(np.float32)


def embed(path, threads):
    """-> function from samples to the teacher's embedding [192], unit length."""
    s = session(path, threads)

    def run(x):
        e = s.run(None, {"feats": fbank(x)[None]})[0][0]
        return e / np.linalg.norm(e)
    return run


def embed_chunks(bank, teacher, path):
    """Every chunk's embedding into the file `path`, from where an earlier run stopped -> float16 [chunks, 192]."""
    parts = chunks(bank.range)
    if os.path.exists(path):
        out = np.lib.format.open_memmap(path, "r+")
    else:
        out = np.lib.format.open_memmap(path, "w+", np.float16, (len(parts), 192))
        out[:] = np.nan
    todo = np.flatnonzero(np.isnan(out[:, 0]))
    for k, i in enumerate(todo):
        _, a, b = parts[i]
        out[i] = teacher(bank.x[a * FRAME:b * FRAME].numpy().astype(np.float32) / 32768)
        if k % 500 == 0:
            out.flush()
            print(f"{k} of {len(todo)}", flush=True)
    out.flush()
    return out


def centred(E, mean):
    Z = E - mean
    return (Z / np.linalg.norm(Z, axis=1, keepdims=True)).astype(np.float32)


def targets(E, ranges, mean=None):
    """Chunks' embeddings [chunks, d], speakers' frames -> centroids [speakers, d] and chunks [chunks, d] about the mean [d] over speakers, unit length."""
    parts, E = chunks(ranges), E.astype(np.float64)
    C = np.zeros((len(ranges), E.shape[1]))
    np.add.at(C, parts[:, 0], E * (parts[:, 2] - parts[:, 1])[:, None])
    C /= np.linalg.norm(C, axis=1, keepdims=True)
    mean = C.mean(0) if mean is None else mean
    return centred(C, mean), centred(E, mean), mean.astype(np.float32)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("corpus", nargs="+")
    p.add_argument("out")
    p.add_argument("--teacher", required=True)
    p.add_argument("--mean", default="")
    p.add_argument("--speeds", action="store_true")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    into = lambda name: os.path.join(a.out, name)
    if os.path.exists(into("bank.pt")):
        bank = Bank.load(into("bank.pt"))
    else:
        pieces = {}
        for root in a.corpus:
            for speaker, xs in load_speech(root).items():
                pieces.setdefault(speaker, []).extend(xs)
        bank = Bank(with_speeds(pieces) if a.speeds else pieces)
        bank.save(into("bank.pt"))
    print(f"{len(bank.names)} speakers, {len(bank.x) / RATE / 3600:.2f} hours", flush=True)
    E = embed_chunks(bank, embed(a.teacher, a.threads), into("chunks.npy"))
    C, L, mean = targets(E, bank.range, np.load(a.mean)["mean"] if a.mean else None)
    np.savez(into("targets.npz"), C=C, L=L, mean=mean)


if __name__ == "__main__":
    main()
