"""A network to be measured: a checkpoint (PyTorch, at 16 kHz past the decimation) or an ONNX file (48 kHz, ONNX Runtime)."""
import numpy as np
import scipy.signal as ss
import torch
from network import FastCNN, RATE


def load_net(path):
    """Checkpoint -> the averaged network, in evaluation mode."""
    k = torch.load(path, map_location="cpu", weights_only=True)
    net = FastCNN(**k["kw"])
    net.load_state_dict(k["ema"])
    return net.eval()


class Runner:
    def __init__(self, path, threads=0):
        if path.endswith(".onnx"):
            import onnxruntime as ort
            o = ort.SessionOptions()
            o.intra_op_num_threads = threads
            s = ort.InferenceSession(path, o)
            self.run = lambda x: s.run(None, {"audio": ss.resample_poly(x, 3, 1, axis=1).astype(np.float32)})
        else:
            if threads:
                torch.set_num_threads(threads)
            net = load_net(path)

            def run(x):
                with torch.no_grad():
                    return [v.numpy() for v in net(torch.from_numpy(x), True)]
            self.run = run

    def batch(self, w, size=128):
        """[n, 16000] -> embeddings [n, 2, 256], activity [n, 50, 2]."""
        out = [self.run(np.ascontiguousarray(w[i:i + size], dtype=np.float32)) for i in range(0, len(w), size)]
        return np.concatenate([e for e, _ in out]), np.concatenate([a for _, a in out])

    def windows(self, x, hop):
        """One-second windows of x [n] every `hop` samples, the last padded with silence."""
        n = max(1, int(np.ceil((len(x) - RATE) / hop)) + 1)
        x = np.pad(x, (0, max(0, (n - 1) * hop + RATE - len(x))))
        return self.batch(np.lib.stride_tricks.sliding_window_view(x, RATE)[::hop][:n])
