"""Side by side with the peers: `python -m benchmarks.run`. One thread, pinned before any import."""

import os

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

for name in THREADS:
    os.environ[name] = "1"
