"""Write the generated allow-lists of src/assay/methods/pickles/allowed from the libraries installed here.

Run it after an upgrade and read the diff: ``python tests/methods/pickles/make_allowed.py``. The lists written by
hand (python, torch, and every *.make.txt) are left alone. Names that older releases used are kept: lists only grow.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from collections import defaultdict
from pathlib import Path

import assay.methods.pickles as home

FOLDER = Path(home.__file__).parent / "allowed"
SKIP = ("test", "conftest", "setup", "externals", "datasets", "experimental", "_build", "__check_build", "inspection",
        "discovery", "estimator_checks", "_mocking", "_plot", "callback", "_repr_html", "parallel", "validation",
        "metaestimators", "_array_api", "fixes", "_show_versions", "_testing", "_export", "_reingold", "_available_if",
        "deprecation", "_pprint", "_param_validation", "_set_output", "_pairwise_distances_reduction", "_seq_dataset",
        "_vector_sentinel", "_weight_vector", "_cython_blas", "_isfinite", "_fast_dict", "_partitioner", "grower",
        "histogram", "splitting", "_newton_solver", "_linear_loss")  # fmt: skip
# Numeric functions that a model may hold; none takes a callable, a path or code.
USED = ("sklearn.metrics._classification", "sklearn.metrics._regression", "sklearn.metrics._ranking",
        "sklearn.metrics.pairwise", "sklearn.metrics.cluster._supervised", "sklearn.metrics.cluster._unsupervised",
        "sklearn.feature_selection._univariate_selection", "sklearn.feature_selection._mutual_info",
        "sklearn.metrics._scorer")  # fmt: skip
NOT_STATE = ("Display", "Builder", "Exporter", "VerboseReporter", "Pruner", "Finder")


def modules(package: str):
    root = importlib.import_module(package)
    for info in pkgutil.walk_packages(root.__path__, package + "."):
        if any(part.startswith(SKIP) for part in info.name.split(".")):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield importlib.import_module(info.name)
        except Exception:
            continue


def dangerous_state(cls: type) -> bool:
    """A __setstate__, __new__ or __reduce__ written in Python that runs code or opens something."""
    for name in ("__setstate__", "__init__", "__new__", "__del__"):
        names = set()
        for base in cls.__mro__:
            names |= set(getattr(getattr(base.__dict__.get(name), "__code__", None), "co_names", ()))
        if names & {"eval", "exec", "open", "import_module", "loads", "load", "system", "Popen"}:
            return True
    return False


def sklearn():
    call, use = defaultdict(set), defaultdict(set)
    for module in modules("sklearn"):
        name = module.__name__
        for key, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == name
            if inspect.isclass(thing) and own and thing.__name__ == thing.__qualname__ == key:
                if issubclass(thing, (BaseException, Warning)) or dangerous_state(thing):
                    continue
                if key.endswith(NOT_STATE):
                    continue
                call[name].add(key)
            elif key.startswith("__pyx_unpickle_") or key == "newObj":
                call[name].add(key)
            elif (
                name in USED
                and own
                and inspect.isfunction(thing)
                and not key.startswith("_")
                and key != "make_scorer"
            ):
                use[name].add(key)
    call["sklearn.compose._column_transformer"].add("make_column_selector")
    return call, use


def scipy():
    call, use = defaultdict(set), defaultdict(set)
    import numpy
    import scipy.sparse as sparse
    import scipy.special as special

    for key in dir(sparse):
        cls = getattr(sparse, key)
        if inspect.isclass(cls) and key.endswith(("_matrix", "_array")):
            call[cls.__module__].add(cls.__name__)
            call["scipy.sparse." + cls.__module__.rsplit(".", 1)[-1].lstrip("_")].add(cls.__name__)
    for key in dir(special):
        if isinstance(getattr(special, key), numpy.ufunc):
            use["scipy.special._ufuncs"].add(key)
            use["scipy.special"].add(key)
    call["scipy.interpolate._interpolate"] |= {"interp1d", "PPoly", "BPoly"}
    call["scipy.interpolate._bsplines"] |= {"BSpline"}
    call["scipy.spatial._ckdtree"] |= {"cKDTree"}
    call["scipy.spatial._kdtree"] |= {"KDTree"}
    call["scipy.spatial.transform._rotation"] |= {"Rotation"}
    return call, use


def numpy():
    call, use = defaultdict(set), defaultdict(set)
    import numpy as np

    for key in dir(np):
        thing = getattr(np, key)
        if isinstance(thing, np.ufunc):
            for module in ("numpy", "numpy._core._multiarray_umath", "numpy.core._multiarray_umath"):
                use[module].add(key)
        elif inspect.isclass(thing) and issubclass(thing, np.generic):
            call["numpy"].add(key)
            call["numpy"].add(thing.__name__)
    call["numpy"] |= {"ndarray", "dtype", "matrix", "recarray", "record", "bool", "bool_", "str_", "bytes_", "void",
                      "int_", "float_", "complex_", "unicode_", "object_", "poly1d", "finfo"}  # fmt: skip
    use["numpy"] |= {"mean", "median", "sum", "max", "min", "std", "var", "average", "nanmean", "nanmedian",
                     "amax", "amin", "prod", "argmax", "argmin", "clip", "round", "nan_to_num", "ravel", "squeeze",
                     "array", "asarray", "concatenate", "where"}  # fmt: skip
    for core in ("numpy.core", "numpy._core"):
        call[f"{core}.multiarray"] |= {"_reconstruct", "scalar"}
        call[f"{core}.numeric"] |= {"_frombuffer"}
    call["numpy.rec"] |= {"recarray", "record"}
    call["numpy.matrixlib.defmatrix"] |= {"matrix"}
    call["numpy.ma"] |= {"MaskedArray", "MaskedConstant"}
    call["numpy.ma.core"] |= {"MaskedArray", "MaskedConstant", "_mareconstruct", "mvoid"}
    call["numpy.random._pickle"] |= {"__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"}
    call["numpy.random.mtrand"] |= {"RandomState"}
    for name in ("_mt19937:MT19937", "_pcg64:PCG64", "_pcg64:PCG64DXSM", "_philox:Philox", "_sfc64:SFC64"):
        module, cls = name.split(":")
        call[f"numpy.random.{module}"].add(cls)
    call["numpy.random._generator"] |= {"Generator"}
    call["numpy.random.bit_generator"] |= {"SeedSequence", "__pyx_unpickle_SeedSequence"}
    for key in ("Polynomial", "Chebyshev", "Legendre", "Laguerre", "Hermite", "HermiteE"):
        call[f"numpy.polynomial.{'hermite_e' if key == 'HermiteE' else key.lower()}"].add(key)
    for key in dir(np.dtypes):
        if key.endswith("DType"):
            call["numpy.dtypes"].add(key)
    call["numpy.dtypes"] -= {"StringDType"}
    return call, use


def pandas():
    call = defaultdict(set)
    import pandas as pd

    call["pandas.core.frame"] = {"DataFrame"}
    call["pandas.core.series"] = {"Series"}
    call["pandas"] = {"DataFrame", "Series", "Index", "MultiIndex", "RangeIndex", "Timestamp", "Timedelta", "NaT",
                      "Categorical", "CategoricalDtype", "Interval", "DatetimeIndex", "CategoricalIndex"}  # fmt: skip
    for module in (pd, pd.arrays):
        for key, thing in vars(module).items():
            if inspect.isclass(thing) and key.endswith(
                ("Index", "Dtype", "Array", "Categorical", "Interval", "Period")
            ):
                call[module.__name__].add(key)
    call["pandas"] |= {"NA", "_unpickle_na"}
    call["pandas.arrays"] |= {"ArrowStringArray", "DatetimeArray", "TimedeltaArray", "PeriodArray"}
    call["pyarrow.lib"] |= {"_restore_array", "type_for_alias", "py_buffer"}
    call["pandas.core.internals.managers"] = {"BlockManager", "SingleBlockManager"}
    call["pandas._libs.internals"] = {"_unpickle_block", "BlockPlacement", "__pyx_unpickle_BlockManager"}
    call["pandas.core.internals.blocks"] = {"new_block", "Block", "ObjectBlock"}
    call["pandas._libs.missing"] = {"NAType", "_unpickle_na", "C_NA", "NA"}
    call["pandas._libs.interval"] = {"Interval"}
    call["pandas._libs.tslibs.nattype"] = {"_nat_unpickle", "__nat_unpickle", "NaTType"}
    call["pandas._libs.tslibs.timestamps"] = {"_unpickle_timestamp", "Timestamp"}
    call["pandas._libs.tslibs.timedeltas"] = {"_timedelta_unpickle", "Timedelta"}
    call["pandas._libs.tslibs.period"] = {"Period", "_unpickle_period"}
    call["pandas._libs.arrays"] = {"__pyx_unpickle_NDArrayBacked", "NDArrayBacked"}
    for info in pkgutil.iter_modules(importlib.import_module("pandas._libs.tslibs").__path__):
        if info.name == "offsets":
            module = importlib.import_module("pandas._libs.tslibs.offsets")
            call[module.__name__] |= {
                k
                for k, v in vars(module).items()
                if inspect.isclass(v) and issubclass(v, pd.offsets.BaseOffset)
            }
    for package in ("pandas.core.indexes", "pandas.core.arrays", "pandas.core.dtypes"):
        for module in modules(package):
            for key, thing in vars(module).items():
                own = getattr(thing, "__module__", None) == module.__name__
                if (
                    inspect.isclass(thing)
                    and own
                    and key.endswith(("Index", "Array", "Dtype", "Categorical", "FrozenList"))
                ) and not dangerous_state(thing):
                    call[module.__name__].add(key)
    call["pandas.core.indexes.base"] |= {"_new_Index", "Index"}
    call["pandas.core.indexes.datetimes"] |= {"_new_DatetimeIndex"}
    call["pandas.core.indexes.period"] |= {"_new_PeriodIndex"}
    call["pandas.core.indexes.interval"] |= {"_new_IntervalIndex"}
    call["pandas.core.indexes.frozen"] |= {"FrozenList"}
    call["pandas.core.arrays.string_"] |= {"StringDtype"}
    call["pandas.core.indexes.numeric"] |= {"Int64Index", "Float64Index", "UInt64Index"}
    call["pandas.core.flags"] |= {"Flags"}
    call["pandas._libs.index"] |= {"IndexEngine"}
    call["pandas.api.types"] |= {"CategoricalDtype"}
    return call, {}


def boosting():
    call = defaultdict(set)
    call["xgboost.core"] = {"DataSplitMode"}
    call["xgboost.training"] = {"CVPack"}
    for key in (
        "XGBModel",
        "XGBClassifier",
        "XGBRegressor",
        "XGBRanker",
        "XGBRFClassifier",
        "XGBRFRegressor",
    ):
        call["xgboost.sklearn"].add(key)
    for key in ("EarlyStopping", "EvaluationMonitor", "LearningRateScheduler"):
        call["xgboost.callback"].add(key)
    call["lightgbm.sklearn"] = {
        "LGBMModel",
        "LGBMClassifier",
        "LGBMRegressor",
        "LGBMRanker",
        "_LGBMLabelEncoder",
    }
    call["lightgbm.compat"] = {"_LGBMLabelEncoder"}
    call["imblearn.pipeline"] = {"Pipeline"}
    return call, {}


def imblearn():
    call = defaultdict(set)
    for module in modules("imblearn"):
        for key, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == module.__name__
            if inspect.isclass(thing) and own and hasattr(thing, "get_params") and not dangerous_state(thing):
                call[module.__name__].add(key)
    return call, {}


def write(name: str, found: dict[str, set[str]]) -> None:
    path = FOLDER / name
    if path.exists():  # lists only grow: models of older releases are still read
        for line in path.read_text().splitlines():
            module, _, names = line.partition(": ")
            found[module] = set(found.get(module, ())) | set(names.split())
    lines = [f"{module}: {' '.join(sorted(names))}" for module, names in sorted(found.items()) if names]
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for make in (sklearn, scipy, numpy, pandas, boosting, imblearn):
        call, use = make()
        write(f"{make.__name__}.call.txt", dict(call))
        if use:
            write(f"{make.__name__}.use.txt", dict(use))


if __name__ == "__main__":
    main()
