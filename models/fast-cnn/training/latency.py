"""latency.py ONNX...: model time of one window, one thread; run it on an idle machine. --profile adds time by operator."""
import argparse
import collections
import json
import os
import time
import numpy as np
import onnxruntime as ort


def session(path, profile=False):
    o = ort.SessionOptions()
    o.intra_op_num_threads = o.inter_op_num_threads = 1
    o.enable_profiling = profile
    if profile:
        o.profile_file_prefix = os.path.join(os.path.dirname(os.path.abspath(path)), "ort")
    return ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])


def times(s, n, x):
    """Milliseconds of n runs, after 50 to warm up."""
    for _ in range(50):
        s.run(None, {"audio": x})
    t = []
    for _ in range(n):
        a = time.perf_counter()
        s.run(None, {"audio": x})
        t.append((time.perf_counter() - a) * 1e3)
    return np.array(t)


def profile(path, x, n=300):
    """Prints mean microseconds per node, greatest first."""
    s = session(path, True)
    times(s, n, x)
    name = s.end_profiling()
    with open(name) as f:
        events = [e for e in json.load(f) if e.get("cat") == "Node" and e["name"].endswith("kernel_time")]
    os.remove(name)
    by = collections.Counter()
    for e in events:
        by[e["args"]["op_name"], e["name"][:-12]] += e["dur"]
    total = sum(by.values())
    for (op, node), d in by.most_common(60):
        print(f"{d / (n + 50):8.1f} us {100 * d / total:5.1f} %  {op:24s} {node}")
    print(f"{total / (n + 50):8.1f} us in {len(by)} nodes")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("models", nargs="+")
    p.add_argument("--runs", type=int, default=2000)
    p.add_argument("--profile", action="store_true")
    a = p.parse_args()
    x = (np.random.default_rng(0).standard_normal((1, 48000)) * 0.1).astype(np.float32)
    for path in a.models:
        t = times(session(path), a.runs, x)
        p0, p50, p95, p99 = np.percentile(t, [0, 50, 95, 99])
        print(f"{os.path.basename(path)}: least {p0:.2f}, P50 {p50:.2f}, P95 {p95:.2f}, P99 {p99:.2f} ms over {len(t)} runs")
        if a.profile:
            profile(path, x)


if __name__ == "__main__":
    main()
