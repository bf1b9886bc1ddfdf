"""quantize.py NETWORK.onnx OUT.onnx --audio FOLDER…: a variant with its large convolutions in int8 (QDQ), the rest as the fp16-stored file has it.

NETWORK is the single-precision file that export.py wrote (the Fast CNN's or the segmenter's): the input says which windows it takes.
Weights are signed, one scale for each output channel; activations unsigned, their ranges from what the sounds in FOLDER give (percentiles of
histograms over --windows of them). Weights take seven bits: a pair of products of full-range ones does not fit the 16 bits that x86
processors without VNNI add them in, and saturates there; so every processor computes the same integers.
--layers: which convolutions, by what they are: "pointwise" (1 x 1), "full" (over several bands or frames); those of one group only.
"""
import argparse
import glob
import hashlib
import os
import tempfile
import numpy as np
import onnx
import scipy.signal as ss
from onnx import numpy_helper
from onnx_file import session, store
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from speech import RATE, read

SOUNDS = (".wav", ".flac", ".opus", ".ogg", ".mp3")


def windows(folders, seconds, count, seed=0):
    """`count` windows float32 [n, seconds * 16000], spread evenly over all sounds in `folders` (laid end to end)."""
    files = sorted(f for d in folders for f in glob.glob(os.path.join(d, "*")) if f.endswith(SOUNDS))
    x = np.concatenate([read(f) for f in files])
    n = int(seconds * RATE)
    starts = np.linspace(0, len(x) - n, count).astype(int) + np.random.default_rng(seed).integers(-n // 2, n // 2 + 1, count)
    return np.stack([x[a:a + n] for a in starts.clip(0, len(x) - n)])


def shaped(x, dims):
    """Windows at 16 kHz as an input of `dims` takes them: 48,000 samples are a second at 48 kHz, 160,000 ten seconds at 16 kHz."""
    x = ss.resample_poly(x, 3, 1, axis=1) if dims[-1] == 48000 else x
    return np.ascontiguousarray(x.reshape(len(x), *[1] * (len(dims) - 2), dims[-1]), dtype=np.float32)


def input_of(path):
    """-> name and dims of a network's input."""
    i = session(path).get_inputs()[0]
    return i.name, i.shape


class Reader(CalibrationDataReader):
    def __init__(self, name, x):
        self.rows = iter([{name: x[i:i + 1]} for i in range(len(x))])

    def get_next(self):
        return next(self.rows, None)


def layers(graph, kinds, smallest=2048):
    """Names of the convolutions of one group with at least `smallest` weights, of `kinds`, and of the Relu that follows each, which its range takes over.

    Smaller ones, such as the last layer of the activity, cost little and would be heard most."""
    weights, relu = {t.name: t for t in graph.initializer}, {n.input[0]: n.name for n in graph.node if n.op_type == "Relu"}
    out = []
    for n in graph.node:
        if n.op_type != "Conv" or n.input[1] not in weights or any(a.name == "group" and a.i > 1 for a in n.attribute):
            continue
        w = numpy_helper.to_array(weights[n.input[1]])
        kind = "pointwise" if w.shape[2:] == (1, 1) else "full"
        if kind in kinds and w.size >= smallest and w.shape[1] > 1:     # from one channel: samples or bands, too coarse at eight bits
            out += [n.name, *([relu[n.output[0]]] if n.output[0] in relu else [])]
    return out


def fourier_of(graph):
    """What `store` must know of a network's Fourier matrices: the Fast CNN's have 240 rows (of 480 points), the segmenter's 201 (of 512)."""
    shapes = [tuple(n.attribute[0].t.dims) for n in graph.node if n.op_type == "Constant"]
    return next((dict(period=p, rows=s[0], bins=s[1]) for s in shapes for p, rows in ((480, 240), (512, 201)) if len(s) == 2 and s[0] == rows), {})


def quantize(source, target, x, kinds, percentile, full_range=False):
    name, dims = input_of(source)
    model = onnx.load(source)
    for i, n in enumerate(model.graph.node):
        n.name = n.name or f"node{i}"
    with tempfile.TemporaryDirectory() as folder:
        named, int8 = os.path.join(folder, "named.onnx"), os.path.join(folder, "int8.onnx")
        onnx.save(model, named)
        quantize_static(named, int8, Reader(name, shaped(x, dims)), QuantFormat.QDQ, nodes_to_quantize=layers(model.graph, kinds), per_channel=True,
                        reduce_range=not full_range, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                        calibrate_method=CalibrationMethod.Percentile, extra_options=dict(CalibPercentile=percentile, CalibMaxIntermediateOutputs=20))
        store(int8, target, in_bytes_from=np.inf, **fourier_of(model.graph))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("network")
    p.add_argument("out")
    p.add_argument("--audio", nargs="+", required=True)
    p.add_argument("--windows", type=int, default=120)
    p.add_argument("--layers", nargs="+", default=["pointwise", "full"])
    p.add_argument("--percentile", type=float, default=99.99)
    p.add_argument("--full-range", action="store_true", help="weights of eight bits: exact on processors with VNNI only")
    a = p.parse_args()
    dims = input_of(a.network)[1]
    seconds = 1 if dims[-1] == 48000 else dims[-1] // RATE
    quantize(a.network, a.out, windows(a.audio, seconds, a.windows), a.layers, a.percentile, a.full_range)
    with open(a.out, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    print(f"{os.path.basename(a.out)}: {os.path.getsize(a.out)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
