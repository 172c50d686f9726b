"""What skl2onnx converts in float32 alone, converted in float64: trees, the imputer, columns that are joined.

Its tree converters round thresholds to float32 even where the features are
float64, so a row near a threshold takes the wrong branch. The operators have
had float64 forms of these attributes (``…_as_tensor``) since version 3 of
ai.onnx.ml; :class:`_Trees` puts them in place of the rounded ones.
:func:`register` does so for what is converted after it, :func:`join_exactly`
mends a graph that was made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mlops_actions.export.source import Unsupported

# pylint: disable=import-outside-toplevel

_ROUNDED = ("nodes_values", "nodes_hitrates", "class_weights", "target_weights", "base_values")
_FLOAT64 = 11  # TensorProto.DOUBLE


def register() -> None:
    """Put these converters in place of skl2onnx's, in this process. To do so twice is the same as once."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common._registration import get_converter, get_shape_calculator
    from sklearn import ensemble, impute, tree

    trees = [
        getattr(room, f"{family}{kind}")
        for room, families in (
            (ensemble, ("RandomForest", "ExtraTrees", "GradientBoosting", "HistGradientBoosting")),
            (tree, ("DecisionTree", "ExtraTree")),
        )
        for family in families
        for kind in ("Classifier", "Regressor")
    ]
    for model, wrap in [*((each, _exact) for each in trees), (impute.SimpleImputer, _impute)]:
        alias = f"Sklearn{model.__name__}"
        theirs = get_converter(alias)
        function, options = theirs._fct, theirs._options  # pylint: disable=protected-access
        if function.__module__ != __name__:
            calculator = get_shape_calculator(alias)
            update_registered_converter(model, alias, calculator, wrap(function), overwrite=True, options=options)


def join_exactly(proto: Any) -> None:
    """Join columns as they are: FeatureVectorizer, which skl2onnx takes, rounds them to float32 on the way."""
    from onnx import helper

    for index, node in enumerate(proto.graph.node):
        if node.op_type == "FeatureVectorizer":
            joined = helper.make_node("Concat", list(node.input), list(node.output), name=node.name, axis=1)
            proto.graph.node[index].CopyFrom(joined)


def _is_float64(operator: Any) -> bool:
    from skl2onnx.common.data_types import DoubleTensorType

    return isinstance(operator.inputs[0].type, DoubleTensorType)


# --- trees ---------------------------------------------------------------------------------------


def _exact(theirs: Callable[..., None]) -> Callable[..., None]:
    def convert(scope: Any, operator: Any, container: Any) -> None:
        if _is_float64(operator):
            theirs(scope, operator, _Trees(container), op_version=3)
        else:
            theirs(scope, operator, container)

    return convert


class _Trees:
    """A container of nodes that takes the numbers of a tree as float64."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, op_type: str, inputs: Any, outputs: Any, **attributes: Any) -> None:
        """Add a node, as skl2onnx's own container does."""
        if op_type.startswith("TreeEnsemble"):
            for name in _ROUNDED:
                if attributes.get(name) is not None and len(attributes[name]):
                    attributes[f"{name}_as_tensor"] = _tensor(attributes[name])
                attributes.pop(name, None)
        self._container.add_node(op_type, inputs, outputs, **attributes)


def _tensor(values: Any) -> Any:
    import numpy
    from onnx import numpy_helper

    return numpy_helper.from_array(numpy.asarray(values, dtype=numpy.float64).ravel())


# --- the imputer ---------------------------------------------------------------------------------


def _impute(theirs: Callable[..., None]) -> Callable[..., None]:
    def convert(scope: Any, operator: Any, container: Any) -> None:
        if not _is_float64(operator):
            theirs(scope, operator, container)
            return
        from skl2onnx.operator_converters.common import concatenate_variables

        imputer = operator.raw_operator
        marker = imputer.missing_values
        if not isinstance(marker, float) or not math.isnan(marker) or imputer.add_indicator:
            raise Unsupported("an imputer of something other than NaN, or with indicators")
        fills = imputer.statistics_.astype(float)
        if not all(map(math.isfinite, fills)):
            raise Unsupported("an imputer of a column that held no value in training")
        values = concatenate_variables(scope, operator.inputs, container)
        fill, is_nan = (scope.get_unique_variable_name(name) for name in ("fill", "is_nan"))
        container.add_initializer(fill, _FLOAT64, [1, len(fills)], fills.tolist())
        container.add_node("IsNaN", values, is_nan, op_version=13)
        container.add_node("Where", [is_nan, fill, values], operator.outputs[0].full_name, op_version=16)

    return convert
