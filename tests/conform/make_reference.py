#!/usr/bin/python3
"""Makes reference.json: what scikit-learn, statsmodels and SciPy say, for machines that lack them.

Run it at the top of the tree: /usr/bin/python3 tests/conform/make_reference.py"""
import json
import os

import numpy as np
import pandas as pd
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HOUSING = os.path.join(TOP, "share/examples/house-prices/california-housing.csv")
TARGET = "median_house_value"


def split(rows, test, seed):
    train_rows, test_rows = train_test_split(np.arange(rows), test_size=test, random_state=seed)
    return {"rows": rows, "test": test, "seed": seed, "test_rows": test_rows.tolist(), "train_rows": train_rows.tolist()}


def ols():
    """Raw features, no scaling: estimates and standard errors of statsmodels (by QR)."""
    data = pd.read_csv(HOUSING).dropna()
    x = sm.add_constant(data.drop(columns=[TARGET, "ocean_proximity"]).astype(float))
    fit = sm.OLS(data[TARGET].astype(float), x).fit(method="qr")
    return {
        "features": ["(intercept)"] + list(x.columns[1:]),
        "estimate": fit.params.tolist(),
        "standard_error": fit.bse.tolist(),
        "t": fit.tvalues.tolist(),
        "p": fit.pvalues.tolist(),
        "r2": float(fit.rsquared),
        "adjusted_r2": float(fit.rsquared_adj),
        "sigma": float(np.sqrt(fit.mse_resid)),
    }


def pipeline():
    """The usual pipeline on the usual split; cut at missing values so that the imputer has work."""
    data = pd.read_csv(HOUSING)
    train, test = train_test_split(data, test_size=0.2, random_state=7)
    numeric = train.drop(columns=TARGET).select_dtypes("number").columns
    prepare = ColumnTransformer([
        ("num", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
        ("cat", OneHotEncoder(handle_unknown="ignore", drop="first"), ["ocean_proximity"]),
    ])
    model = make_pipeline(prepare, LinearRegression()).fit(train, train[TARGET])
    predicted = model.predict(test)
    return {
        "seed": 7,
        "missing": int(train.isna().sum().sum()),
        "coefficients": model[-1].coef_.tolist(),
        "intercept": float(model[-1].intercept_),
        "predictions": predicted[:50].tolist(),
        "r2": r2_score(test[TARGET], predicted),
        "rmse": mean_squared_error(test[TARGET], predicted) ** 0.5,
        "mae": mean_absolute_error(test[TARGET], predicted),
    }


if __name__ == "__main__":
    reference = {
        "made_by": f"scikit-learn {sklearn.__version__}, statsmodels {statsmodels.__version__}, SciPy {scipy.__version__}",
        "splits": [split(2, 0.5, 0), split(10, 0.25, 0), split(97, 0.3, 123), split(100, 0.2, 42), split(101, 10, 4294967295)],
        "ols": ols(),
        "pipeline": pipeline(),
    }
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json"), "w") as out:
        json.dump(reference, out, indent=0)
        out.write("\n")
