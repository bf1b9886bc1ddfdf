"""ONNX files as VoiceFlow ships them: weights stored in a byte or two each, Fourier matrices computed when the graph is loaded."""
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper


def session(path, threads=1):
    o = ort.SessionOptions()
    o.intra_op_num_threads = o.inter_op_num_threads = threads
    return ort.InferenceSession(path, o)


def transforms(graph, period=480, rows=240, bins=239):
    """Initializers and nodes that compute the Fourier matrices [rows, bins] from one period of a sine, and the constants that they replace.

    The matrices must stay fp32 (as fp16 they move activity by 0.03), and would be a tenth of the file; runtimes fold the nodes when
    they load the graph.
    """
    inits, nodes, replaced = [], [], set()
    for n in graph.node:
        a = numpy_helper.to_array(n.attribute[0].t) if n.op_type == "Constant" else np.zeros(0)
        if a.shape != (rows, bins):
            continue
        t, k = np.arange(rows)[:, None], np.arange(1, bins + 1)[None]
        turn = 2 * np.pi * np.arange(period) / period
        wave = min((np.cos(turn), np.sin(turn)), key=lambda w: np.abs(np.corrcoef(a[5], w[5 * k[0] % period])[0, 1] - 1))
        scale = (a * wave[t * k % period]).sum(1, keepdims=True) / np.maximum((wave[t * k % period] ** 2).sum(1, keepdims=True), 1e-9)
        assert np.abs(wave[t * k % period] * scale - a).max() < 1e-6, "not a Fourier matrix"
        out = n.output[0]
        parts = dict(t=t.astype(np.int64), k=k.astype(np.int64), period=np.array(period, np.int64), wave=wave.astype(np.float32), scale=scale.astype(np.float32))
        inits += [numpy_helper.from_array(v, f"{out}_{name}") for name, v in parts.items()]
        nodes += [helper.make_node("Mul", [out + "_t", out + "_k"], [out + "_tk"]), helper.make_node("Mod", [out + "_tk", out + "_period"], [out + "_phase"]),
                  helper.make_node("Gather", [out + "_wave", out + "_phase"], [out + "_pure"]), helper.make_node("Mul", [out + "_pure", out + "_scale"], [out])]
        replaced.add(out)
    return inits, nodes, replaced


def in_bytes(a, tries=31):
    """Weights of a convolution -> int8 of the same shape and a float32 scale for each output channel: of shrunk ranges the one with the least squared error."""
    rest = tuple(range(1, a.ndim))
    largest = np.maximum(abs(a).max(rest, keepdims=True), 1e-12)
    scales = [(largest * share / 127).astype(np.float32) for share in np.linspace(0.7, 1, tries)]
    rounded = [np.clip(np.rint(a / scale), -127, 127) for scale in scales]
    errors = [((z * scale - a) ** 2).sum(rest, keepdims=True) for z, scale in zip(rounded, scales)]
    scale = np.take_along_axis(np.stack(scales), np.argmin(errors, 0)[None], 0)[0]
    return np.clip(np.rint(a / scale), -127, 127).astype(np.int8), scale


def store(src, dst, smallest=1024, in_bytes_from=16_000, **fourier):
    """Convolutions of at least `in_bytes_from` numbers are stored as int8 with a scale for each output channel, other weights of at least `smallest` as fp16:
    those of the last layer, too, whose errors would be the embedding's.

    Both are made fp32 again when the graph is loaded (runtimes fold the nodes), and arithmetic is fp32: so all runtimes compute the same.
    `fourier`: for `transforms`.
    """
    m = onnx.load(src)
    inits, nodes, replaced = transforms(m.graph, **fourier)
    convolutions = {n.input[1] for n in m.graph.node if n.op_type == "Conv"}
    for t in m.graph.initializer:
        a = numpy_helper.to_array(t)
        if a.dtype != np.float32 or a.size < smallest:
            inits.append(t)
        elif a.size < in_bytes_from or t.name not in convolutions:
            inits.append(numpy_helper.from_array(a.astype(np.float16), t.name + "_h"))
            nodes.append(helper.make_node("Cast", [t.name + "_h"], [t.name], to=TensorProto.FLOAT))
        else:
            whole, scale = in_bytes(a)
            inits += [numpy_helper.from_array(whole, t.name + "_b"), numpy_helper.from_array(scale, t.name + "_scale")]
            nodes += [helper.make_node("Cast", [t.name + "_b"], [t.name + "_whole"], to=TensorProto.FLOAT),
                      helper.make_node("Mul", [t.name + "_whole", t.name + "_scale"], [t.name])]
    rest = [n for n in m.graph.node if n.output[0] not in replaced]
    del m.graph.initializer[:], m.graph.node[:]
    m.graph.initializer.extend(inits)
    m.graph.node.extend(nodes + rest)
    onnx.checker.check_model(m)
    onnx.save(m, dst)
