"""Groups the quality test's vectors with scikit-learn, and prints its numbers beside Waybill's.

    python3 -m venv venv && venv/bin/pip install scikit-learn
    node bench/cluster-vectors.ts > vectors.jsonl
    venv/bin/python bench/cluster-peer.py vectors.jsonl
"""

import json
import sys

import numpy as np
import sklearn
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score


def measure(kind, vectors, labels, seeds):
    """Mean adjusted Rand index and inertia over the seeds, one start each."""
    scores = []
    for seed in seeds:
        model = kind(n_clusters=len(set(labels)), random_state=seed, n_init=1).fit(vectors)
        found = model.predict(vectors)
        inertia = ((vectors - model.cluster_centers_[found]) ** 2).sum()
        scores.append((adjusted_rand_score(labels, found), inertia))
    return np.mean(scores, axis=0)


print(f"scikit-learn {sklearn.__version__}; adjusted Rand index / inertia, means over the seeds")
print("| glosses in a text | texts | Waybill | MiniBatchKMeans | KMeans |")
print("| --- | --- | --- | --- | --- |")
for line in open(sys.argv[1], encoding="utf-8"):
    case = json.loads(line)
    vectors = np.array(case["vectors"], dtype=np.float32)
    peers = [
        measure(kind, vectors, case["labels"], case["seeds"]) for kind in (MiniBatchKMeans, KMeans)
    ]
    cells = [(case["ari"], case["inertia"]), *peers]
    shown = " | ".join(f"{ari:.3f} / {inertia:.1f}" for ari, inertia in cells)
    print(f"| {case['glosses']} | {len(vectors)} | {shown} |")
