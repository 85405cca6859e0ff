"""Train a model of cancelled bookings: a SageMaker script-mode script, which knows nothing of Assay."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pandas as pd
import xgboost as xgb

LABEL = "is_canceled"
# Who they are, the row's own number, and what is known only afterwards
LEFT_OUT = [
    "row_id",
    "name",
    "email",
    "phone_number",
    "credit_card",
    "reservation_status",
    "reservation_status_date",
]


def read(folder: str) -> pd.DataFrame:
    """Read every CSV of a channel; text becomes categories."""
    frame = pd.concat([pd.read_csv(path) for path in sorted(Path(folder).glob("*.csv"))], ignore_index=True)
    frame = frame.drop(columns=[name for name in LEFT_OUT if name in frame])
    for name in frame.columns:
        if frame[name].dtype == bool:
            frame[name] = frame[name].astype(int)
        elif not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype("category")
    return frame


def main() -> None:
    """Train, and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--max_depth", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=120)
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    args = parser.parse_args()

    frame = read(args.train)
    label = frame.pop(LABEL)
    model = xgb.XGBClassifier(
        n_estimators=args.rounds,
        max_depth=args.max_depth,
        learning_rate=args.learning_rate,
        min_child_weight=5,
        subsample=0.8,
        colsample_bytree=0.6,
        reg_lambda=2.0,
        enable_categorical=True,
        tree_method="hist",
        n_jobs=int(os.environ.get("SM_NUM_CPUS", "1")),
        random_state=7,
    )
    model.fit(frame, label)
    print(f"trained on {len(frame)} bookings and {frame.shape[1]} columns")
    # JSON: no code in it, and the categories are kept with the trees
    model.get_booster().save_model(Path(args.model_dir, "model.json"))


if __name__ == "__main__":
    main()
