"""Train a model of income: a SageMaker script-mode script, which knows nothing of Assay."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pandas as pd
import xgboost as xgb

LABEL, POSITIVE = "income", ">50K"
WEIGHT = "weight"  # what data.reweigh calls its column


def main() -> None:
    """Train and save; 1 is more than 50,000 dollars."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--max_depth", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    args = parser.parse_args()

    frame = pd.concat(
        [pd.read_csv(path) for path in sorted(Path(args.train).glob("*.csv"))], ignore_index=True
    )
    label = (frame.pop(LABEL) == POSITIVE).astype(int)
    weights = frame.pop(WEIGHT) if WEIGHT in frame else None
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype("category")
    model = xgb.XGBClassifier(
        n_estimators=args.rounds,
        max_depth=args.max_depth,
        learning_rate=0.1,
        enable_categorical=True,
        tree_method="hist",
        n_jobs=int(os.environ.get("SM_NUM_CPUS", "1")),
        random_state=7,
    )
    model.fit(frame, label, sample_weight=weights)
    print(f"trained on {len(frame)} people")
    model.get_booster().save_model(Path(args.model_dir, "model.json"))


if __name__ == "__main__":
    main()
