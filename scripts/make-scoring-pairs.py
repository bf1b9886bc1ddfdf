#!/usr/bin/env python3
"""Makes synthetic reference and system RTTM files, and scores them with pyannote.metrics and spyder.

    pip install pyannote.metrics==4.2.0 spy-der==0.4.1
    python3 scripts/make-scoring-pairs.py        (writes tests/scoring/; the same bytes each time)

A figure is kept only if both tools agree to a millisecond. They differ by definition where the best mapping changes
after collars are removed. JER follows dscore's definition (the mapping with the best Jaccard indices), computed with
scipy, because both tools define it differently.
"""
import json
import os
import random
import warnings

import numpy as np
import spyder
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate
from scipy.optimize import linear_sum_assignment

warnings.filterwarnings("ignore")
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "scoring")
COLLARS = (0, 250, 500)
KINDS = ("two", "meeting", "overlap", "many", "short", "silent-system", "one-label", "swapped", "stranger", "cut")


def speech(rnd, speakers, end, overlap, shortest, longest):
    """Turns (start, end, speaker) in ms; those of one speaker neither touch nor overlap."""
    turns, at, free = [], rnd.randrange(200, 1500), [0] * speakers
    while at < end:
        who = rnd.randrange(speakers)
        start, stop = max(at, free[who] + 10), min(end, at + rnd.randrange(shortest, longest))
        if stop - start >= 50:
            turns.append((start, stop, f"S{who + 1}"))
            free[who] = stop
        at = stop - rnd.randrange(0, 800) if rnd.random() < overlap else stop + rnd.randrange(0, 900)
        at = max(at, start + 60)
    return turns


def hypothesis(rnd, turns, end, labels):
    """A possible system output: moved ends; lost, split, confused and invented turns."""
    names = [f"spk{i:02}" for i in rnd.sample(range(40), labels)]
    out = []
    for start, stop, who in turns:
        if rnd.random() < 0.08:
            continue
        a = max(0, start + round(rnd.gauss(0, 120)))
        b = min(end, stop + round(rnd.gauss(0, 120)))
        name = names[int(who[1:]) % labels] if rnd.random() > 0.1 else rnd.choice(names)
        middle = (a + b) // 2
        pieces = [(a, middle), (middle + 40, b)] if rnd.random() < 0.15 else [(a, b)]
        out += [(x, y, name) for x, y in pieces if y - x > 30]
    for _ in range(rnd.randrange(0, 4)):
        a = rnd.randrange(0, end - 600)
        out.append((a, a + rnd.randrange(100, 600), rnd.choice(names)))
    return apart(out)


def apart(turns):
    """Shortens turns so that those of one speaker do not overlap."""
    last, out = {}, []
    for start, stop, who in sorted(turns):
        start = max(start, last.get(who, -10) + 10)
        if stop > start:
            out.append((start, stop, who))
            last[who] = stop
    return out


def pair(kind, index):
    rnd = random.Random(f"{kind} {index}")
    end = rnd.randrange(20_000, 60_000)
    speakers = {"two": 2, "many": 11, "stranger": 3}.get(kind, rnd.randrange(2, 6))
    longest = 900 if kind == "short" else 6000
    reference = speech(rnd, speakers, end, 0.7 if kind == "overlap" else 0.25, 120, longest)
    system = hypothesis(rnd, reference, end, speakers + (2 if kind == "stranger" else 0))
    if kind == "silent-system":
        system = []
    if kind == "one-label":
        system = [(0, end, "all")]
    if kind == "swapped":
        system = [(a, b, {"S1": "S2", "S2": "S1"}.get(who, who)) for a, b, who in reference]
    regions = [(0, end)]
    if kind == "cut":
        third = end // 3
        regions = [(137, third - 211), (third + 501, end - 1003)]
    return reference, system, regions


def by_pyannote(reference, system, regions, collar, skip):
    sides = []
    for turns in (reference, system):
        one = Annotation()
        for i, (a, b, who) in enumerate(turns):
            one[Segment(a / 1000, b / 1000), i] = who
        sides.append(one)
    metric = DiarizationErrorRate(collar=2 * collar / 1000, skip_overlap=skip)
    r = metric(*sides, uem=Timeline([Segment(a / 1000, b / 1000) for a, b in regions]), detailed=True)
    return [float(r[k]) for k in ("total", "missed detection", "false alarm", "confusion")]


def by_spyder(reference, system, regions, collar, skip):
    rows = lambda turns: [(who, a / 1000, b / 1000) for a, b, who in turns]
    if not system:
        # spyder returns nothing for a system without turns, so everything counts as missed.
        told = by_pyannote(reference, system, regions, collar, skip)
        return [told[0], told[0], 0.0, 0.0]
    r = spyder.DER(
        {"r": rows(reference)}, {"r": rows(system)}, uem={"r": [(a / 1000, b / 1000) for a, b in regions]},
        per_file=True, collar=collar / 1000, regions="nonoverlap" if skip else "all",
    )["r"]
    return [r.duration, r.miss * r.duration, r.falarm * r.duration, r.conf * r.duration]


def jer(reference, system, regions):
    def mask(turns):
        inside = {}
        for a, b, who in turns:
            for lo, hi in regions:
                if min(b, hi) > max(a, lo):
                    inside.setdefault(who, set()).update(range(max(a, lo), min(b, hi)))
        return list(inside.values())

    refs, hyps = mask(reference), mask(system)
    errors = np.array([[1 - len(r & h) / len(r | h) for h in hyps] for r in refs]).reshape(len(refs), len(hyps))
    rows, columns = linear_sum_assignment(errors)
    return 100 * (errors[rows, columns].sum() + len(refs) - len(rows)) / len(refs)


def main():
    os.makedirs(OUT, exist_ok=True)
    files = {"reference.rttm": "", "system.rttm": "", "regions.uem": ""}
    expected, rates, left_out = {}, {}, 0
    for kind in KINDS:
        for index in range(4):
            name = f"{kind}-{index + 1}"
            reference, system, regions = pair(kind, index)
            for file, turns in (("reference.rttm", reference), ("system.rttm", system)):
                for a, b, who in turns:
                    files[file] += f"SPEAKER {name} 1 {a / 1000:.3f} {(b - a) / 1000:.3f} <NA> <NA> {who} <NA> <NA>\n"
            for a, b in regions:
                files["regions.uem"] += f"{name} 1 {a / 1000:.3f} {b / 1000:.3f}\n"
            rates[name] = round(jer(reference, system, regions), 4)
            for collar in COLLARS:
                for skip in (False, True):
                    one = by_pyannote(reference, system, regions, collar, skip)
                    # spyder divides by the scored time; when collars leave none, there is nothing to compare.
                    other = by_spyder(reference, system, regions, collar, skip) if one[0] > 0 else [9e9]
                    if max(abs(x - y) for x, y in zip(one, other)) > 0.0015:
                        left_out += 1
                        continue
                    key = f"{collar / 1000:g} {'skip' if skip else 'score'}"
                    expected.setdefault(key, {})[name] = [round(x, 3) for x in one]
    print(sum(map(len, expected.values())), "figures kept,", left_out, "left out")
    about = "Seconds (scored, miss, false alarm, confusion) by collar and overlap; JER in percent. scripts/make-scoring-pairs.py"
    lines = [f' "about": {json.dumps(about)}', f' "jer": {json.dumps(rates)}']
    for key, figures in expected.items():
        lines.append(f' {json.dumps(key)}: {{\n' + ",\n".join(f"  {json.dumps(n)}: {json.dumps(v)}" for n, v in figures.items()) + "\n }")
    files["expected.json"] = "{\n" + ",\n".join(lines) + "\n}\n"
    for file, text in files.items():
        with open(os.path.join(OUT, file), "w", encoding="utf-8") as out:
            out.write(text)


main()
