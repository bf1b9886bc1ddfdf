"""split.py OUT CORPUS…: speakers held out of the training, so that the voice space is learnt from voices that the network was not taught with.

CORPUS: a packed corpus (index.tsv). Of the speakers with --least seconds of speech every --every-th is held out, in order of their names.
Writes OUT/taught-N/index.tsv (one for each corpus, for teach.py) and OUT/held/index.tsv (for gen_sim.py), whose paths lead back to the corpora.
"""
import argparse
import collections
import csv
import os


def rows_of(corpus, folder):
    """Rows of the corpus' index, with paths from `folder`."""
    with open(os.path.join(corpus, "index.tsv")) as f:
        reader = csv.DictReader(f, delimiter="\t")
        return [{**r, "file": os.path.relpath(os.path.join(corpus, r["file"]), folder)} for r in reader]


def write(rows, folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "index.tsv"), "w") as f:
        out = csv.DictWriter(f, ["file", "start_s", "end_s", "speaker", "corpus"], delimiter="\t", extrasaction="ignore", lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out")
    p.add_argument("corpus", nargs="+")
    p.add_argument("--every", type=int, default=5)
    p.add_argument("--least", type=float, default=20, help="gen_sim.py takes speakers of 20 s and more")
    a = p.parse_args()
    held = []
    for k, corpus in enumerate(a.corpus):
        folder = os.path.join(a.out, f"taught-{k}")
        rows = rows_of(corpus, folder)
        speech = collections.Counter()
        for r in rows:
            speech[r["speaker"]] += float(r["end_s"]) - float(r["start_s"])
        out = set(sorted(s for s in speech if speech[s] >= a.least)[::a.every])
        held += [r for r in rows if r["speaker"] in out]
        write([r for r in rows if r["speaker"] not in out], folder)
        print(f"{corpus}: {len(out)} of {len(speech)} speakers held out, {sum(speech[s] for s in out) / 60:.0f} of {sum(speech.values()) / 60:.0f} minutes")
    write(held, os.path.join(a.out, "held"))


if __name__ == "__main__":
    main()
