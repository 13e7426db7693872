"""Read $CSV by pandas, types inferred."""
import os, resource, time
import pandas as pd

begin = time.perf_counter()
frame = pd.read_csv(os.environ["CSV"])
seconds = time.perf_counter() - begin
print(f"rows={len(frame)} read={seconds:.3f} peak_mb={resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")
