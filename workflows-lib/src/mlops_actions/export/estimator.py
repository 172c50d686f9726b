"""The scikit-learn object, loaded without running anything that its file says.

skops builds a model from named types and refuses those that it does not know
to be harmless. :data:`REVIEWED` are the further ones accepted here, each with
its reason; any other is refused by name, whatever the model's trainer trusted,
because here it would be loaded by somebody else.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from mlops_actions.export.source import PICKLES, Source, Unsupported

KNOWN = ("1.7", "1.8", "1.9")
"""The scikit-learn versions whose stored models were read and converted here, each with a test of its predictions."""

_RAW_NODES = "holds raw node indices: unchecked when it predicts, which is never done here; read as bounded arrays"
_PLAIN = "plain parameters of a fitted estimator"
REVIEWED = {
    "numpy.dtype": "a number format",
    "sklearn.tree._tree.Tree": _RAW_NODES,
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": _RAW_NODES,
    "sklearn.calibration._CalibratedClassifier": _PLAIN,
    "sklearn.calibration._SigmoidCalibration": _PLAIN,
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer": _PLAIN,
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer": _PLAIN,
    "sklearn.utils._bunch.Bunch": "a dictionary",
    "sklearn.linear_model._sgd_fast.Hinge": "a loss function's parameters",
    "sklearn._loss.loss.HalfTweedieLossIdentity": "a loss function's parameters",
    "sklearn.feature_selection._univariate_selection.f_classif": "a score; not called on a fitted selector",
    "sklearn.feature_selection._univariate_selection.f_regression": "a score; not called on a fitted selector",
}
MISSING_TEXT = ""
"""How an export's input says that a text is missing: ONNX has no null string."""


def load(source: Source, allow_pickle: bool = False) -> Any:
    """The fitted estimator. Raises Unsupported where its version, its format or a type in it is not accepted."""
    minor = ".".join(source.sklearn.split(".")[:2])
    if minor not in KNOWN:
        raise Unsupported(f"the model is scikit-learn {source.sklearn}'s; this exporter knows {', '.join(KNOWN)}")
    if source.format in PICKLES and not allow_pickle:
        raise Unsupported(
            f"the model is stored as {source.format}, and loading a pickle runs whatever code is in it: "
            "save it with serialization_format='skops', or name sklearn in `training.allow-pickle`"
        )
    if source.format not in {"skops", *PICKLES}:
        raise Unsupported(f"the model's serialization format is {source.format!r}; this exporter knows skops")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of another version of scikit-learn: the parity check judges that
        try:
            return _load_skops(source) if source.format == "skops" else _load_pickle(source)
        except Unsupported:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # a damaged file raises anything
            raise Unsupported(f"{source.file.name} cannot be loaded: {_words(error)}") from error


def _load_skops(source: Source) -> Any:
    import skops.io  # pylint: disable=import-outside-toplevel

    foreign = skops.io.get_untrusted_types(file=source.file)
    refused = sorted(set(foreign) - set(REVIEWED))
    if refused:
        raise Unsupported(f"the model holds types that are not accepted: {', '.join(refused)}")
    return skops.io.load(source.file, trusted=foreign)


def _load_pickle(source: Source) -> Any:
    import pickle  # pylint: disable=import-outside-toplevel

    with source.file.open("rb") as file:
        return pickle.load(file)  # noqa: S301  the caller opted in


def adapt(model: Any) -> None:
    """Make a missing text in ``model``'s preprocessing the empty string, as the export's input has it.

    In the original it is NaN. An imputer of texts looks for the empty string
    instead, and an encoder that learned NaN as a category has the empty one.
    """
    # pylint: disable=import-outside-toplevel
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    if isinstance(model, Pipeline):
        for _, step in model.steps:
            adapt(step)
    elif isinstance(model, ColumnTransformer):
        for _, part, _ in model.transformers_:
            adapt(part)
    elif isinstance(model, FeatureUnion):
        for _, part in model.transformer_list:
            adapt(part)
    elif isinstance(model, SimpleImputer) and model.statistics_.dtype.kind in "OUS":
        model.missing_values = MISSING_TEXT
    elif isinstance(model, OneHotEncoder | OrdinalEncoder):
        model.categories_ = [_with_missing_text(each) for each in model.categories_]


def _with_missing_text(categories: Any) -> Any:
    if categories.dtype.kind != "O" or not any(isinstance(each, str) for each in categories):
        return categories
    missing = [each is None or (isinstance(each, float) and math.isnan(each)) for each in categories]
    if any(missing) and MISSING_TEXT in list(categories):
        raise Unsupported("a column has both missing texts and empty ones as categories; ONNX cannot tell them apart")
    adapted = categories.copy()
    adapted[missing] = MISSING_TEXT
    return adapted


def _words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:400]
