"""The libraries that commands read, read once; see Shell in conftest."""

import duckdb  # noqa: F401
import ibis  # noqa: F401
import numpy as np  # noqa: F401
import pandas as pd  # noqa: F401
import pyarrow.parquet  # noqa: F401
import sqlalchemy  # noqa: F401

import assay.doors.cli  # noqa: F401
import assay.office.office
import assay.works.running  # noqa: F401
