"""scikit-learn's newton-cholesky on logit_X.f64 and logit_y.f64 of the folder given."""
import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression

folder = sys.argv[1]
x = np.fromfile(folder + "/logit_X.f64").reshape(-1, 100)
y = np.fromfile(folder + "/logit_y.f64")
for _ in range(3):
    begin, busy = time.perf_counter(), time.process_time()
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-6, max_iter=1000).fit(x, y)
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    w, b = model.coef_[0], model.intercept_[0]
    z = x @ w + b
    loss = (np.logaddexp(0, z).sum() - y @ z + 0.5 * w @ w) / len(y)
    print(f"logistic sklearn {seconds:.3f} cpu={busy:.2f} loss={loss:.10f} iterations={int(model.n_iter_[0])}")
