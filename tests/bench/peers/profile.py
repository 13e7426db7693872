# The summary that pandas makes of a table in memory: "profile pandas seconds cpu=... rows=...". Reading is not counted.
# python3 profile.py FILE.csv [RUNS]
import sys
import time

import pandas

frame = pandas.read_csv(sys.argv[1])
for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 3):
    wall, cpu = time.perf_counter(), time.process_time()
    frame.describe(include="all")
    print(f"profile pandas {time.perf_counter() - wall:.3f} cpu={time.process_time() - cpu:.3f} rows={len(frame)}", flush=True)
