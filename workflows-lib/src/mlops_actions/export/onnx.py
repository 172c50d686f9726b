"""ONNX, by skl2onnx, executed in ONNX Runtime.

Numbers go in and come out as float64, texts as strings: one rule for every
model. skl2onnx computes in float32 where it can, and a number that float32
rounds across a tree's threshold changes a whole prediction. So a model is
converted in up to three manners, the most faithful first: all in float64
(:mod:`mlops_actions.export.onnx_float64` makes that possible); the last step
in float32; all in float32. The caller takes the first that holds its tolerance.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mlops_actions.export import estimator, onnx_float64
from mlops_actions.export.cases import Cases
from mlops_actions.export.parity import Predictions
from mlops_actions.export.source import TEXT, Cell, Column, Source, Unsupported
from mlops_actions.export.target import Candidate, Signature, Tensor

# The converter and the runtime are imported where they are used: a wrong call needs neither.
# pylint: disable=import-outside-toplevel,redefined-outer-name

OPSET = {"": 18, "ai.onnx.ml": 3}
PACKAGES = ("skl2onnx", "onnx", "onnxruntime", "scikit-learn", "skops", "numpy", "protobuf")
WARM_UP, TIMED = 20, 200

FLOAT64, FLOAT32_LAST, FLOAT32 = "float64", "float64, the last step in float32", "float32"
LABEL, PROBABILITIES, PREDICTION = "label", "probabilities", "prediction"


class Onnx:
    """The target ``onnx``: one file that any ONNX runtime with the ai.onnx.ml operators executes."""

    name = "onnx"
    file = "model.onnx"

    def candidates(self, source: Source, model: Any) -> Iterator[Candidate]:
        estimator.adapt(model)
        failures = []
        for manner in (FLOAT64, FLOAT32_LAST, FLOAT32):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    content = _convert(source, model, manner)
                _session(content)
            except Exception as error:  # pylint: disable=broad-exception-caught
                # The converter raises anything; the runtime is another judge of what it made.
                failures.append(f"{type(error).__name__}: {error}")
            else:
                yield Candidate(manner, content)
        if len(failures) == 3:
            raise Unsupported(f"skl2onnx cannot convert it: {' '.join(failures[0].split())[:400]}")

    def run(self, file: Path, cases: Cases) -> Predictions:
        session = _session(file.read_bytes())
        answers: list[tuple[Any, Any] | None] = [None] * len(cases.rows)
        errors: dict[int, str] = {}
        _run(session, cases, range(len(cases.rows)), answers, errors)
        names = [each.name for each in session.get_outputs()]
        return Predictions(
            labels=tuple(a and a[0] for a in answers) if LABEL in names else None,
            values=tuple(a and a[1] for a in answers) if {PROBABILITIES, PREDICTION} & set(names) else None,
            errors=errors,
        )

    def signature(self, file: Path) -> Signature:
        session = _session(file.read_bytes())
        inputs = tuple(
            _tensor(each, estimator.MISSING_TEXT if each.type == "tensor(string)" else "NaN")
            for each in session.get_inputs()
        )
        return Signature(inputs, tuple(_tensor(each, None) for each in session.get_outputs()))

    def latency(self, file: Path, cases: Cases) -> float:
        session = _session(file.read_bytes())
        feed = _feed(cases, range(1))
        times = []
        for _ in range(WARM_UP + TIMED):
            start = time.perf_counter()
            session.run(None, feed)
            times.append(time.perf_counter() - start)
        return statistics.median(times[WARM_UP:]) * 1000

    def versions(self) -> Mapping[str, str]:
        return {package: version(package) for package in PACKAGES}


# --- converting ----------------------------------------------------------------------------------


def _convert(source: Source, model: Any, manner: str) -> bytes:
    """The model as an ONNX file: the same bytes for the same model."""
    import onnx
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

    onnx_float64.register()
    number = FloatTensorType if manner == FLOAT32 else DoubleTensorType
    types = [(c.name, (StringTensorType if c.kind == TEXT else number)([None, 1])) for c in source.columns]
    joined = not _takes_columns(model)
    if joined:
        if len({column.kind == TEXT for column in source.columns}) == 2:
            raise Unsupported("texts and numbers go into one step without a ColumnTransformer")
        types = [("columns", type(types[0][1])([None, len(types)]))]
    model = _single_last(model) if manner == FLOAT32_LAST else model
    options = {id(model): {"zipmap": False}} if hasattr(model, "classes_") else None
    proto = to_onnx(model, initial_types=types, options=options, target_opset=OPSET)
    onnx_float64.join_exactly(proto)
    if joined:
        _split_input(proto, source.columns)
    _number_inputs_as_float64(proto)
    _outputs(proto, model)
    proto.graph.name = "model"
    onnx.checker.check_model(proto)
    proto.opset_import.sort(key=lambda each: each.domain)  # the converter keeps them in a set, of no order
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def _takes_columns(model: Any) -> bool:
    """Whether the first step picks its columns by name."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    while isinstance(model, Pipeline):
        model = model.steps[0][1]
    return isinstance(model, ColumnTransformer)


def _single_last(model: Any) -> Any:
    """The model with its features rounded to float32 before the last step."""
    import numpy
    from skl2onnx.sklapi import CastTransformer
    from sklearn.pipeline import Pipeline

    cast = ("cast_to_float32", CastTransformer(dtype=numpy.float32))
    steps = model.steps if isinstance(model, Pipeline) else [("model", model)]
    return Pipeline([*steps[:-1], cast, steps[-1]])


def _split_input(proto: Any, columns: tuple[Column, ...]) -> None:
    """Replace the one wide input by an input for each column."""
    from onnx import helper

    wide = proto.graph.input[0]
    kind = wide.type.tensor_type.elem_type
    proto.graph.ClearField("input")
    proto.graph.input.extend(helper.make_tensor_value_info(each.name, kind, [None, 1]) for each in columns)
    node = helper.make_node("Concat", [each.name for each in columns], [wide.name], name="join_columns", axis=1)
    proto.graph.node.insert(0, node)


def _number_inputs_as_float64(proto: Any) -> None:
    """Let each float32 input take float64, rounded inside."""
    from onnx import TensorProto, helper

    casts = []
    for each in proto.graph.input:
        if each.type.tensor_type.elem_type == TensorProto.FLOAT:
            inner = f"{each.name}_as_float32"
            _rename_uses(proto, each.name, inner)
            casts.append(helper.make_node("Cast", [each.name], [inner], name=f"cast_{inner}", to=TensorProto.FLOAT))
            each.type.tensor_type.elem_type = TensorProto.DOUBLE
    for cast in reversed(casts):
        proto.graph.node.insert(0, cast)


def _rename_uses(proto: Any, old: str, new: str) -> None:
    for node in proto.graph.node:
        node.input[:] = [new if each == old else each for each in node.input]


def _outputs(proto: Any, model: Any) -> None:
    """Give the outputs their names; numbers leave as float64, whatever the operators declare."""
    if hasattr(model, "classes_"):
        names = [LABEL, PROBABILITIES][: 2 if hasattr(model, "predict_proba") else 1]
    else:
        names = [PREDICTION]
    outputs = list(proto.graph.output)
    proto.graph.ClearField("output")
    for name, output in zip(names, outputs, strict=False):
        _output(proto, output, name)


def _output(proto: Any, output: Any, name: str) -> None:
    from onnx import TensorProto, helper

    inner = f"{output.name}_before_output"
    for node in proto.graph.node:
        node.output[:] = [inner if each == output.name else each for each in node.output]
    _rename_uses(proto, output.name, inner)
    if name == LABEL:
        kind = output.type.tensor_type.elem_type
        node = helper.make_node("Identity", [inner], [name], name=f"output_{name}")
    else:
        kind = TensorProto.DOUBLE
        node = helper.make_node("Cast", [inner], [name], name=f"output_{name}", to=kind)
    proto.graph.node.append(node)
    shape = [dimension.dim_value or None for dimension in output.type.tensor_type.shape.dim]
    proto.graph.output.append(helper.make_tensor_value_info(name, kind, shape))


# --- running -------------------------------------------------------------------------------------


def _session(content: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _run(
    session: Any, cases: Cases, rows: range, answers: list[tuple[Any, Any] | None], errors: dict[int, str]
) -> None:
    """Fill ``answers``; a batch that the runtime refuses is halved until the rows that it refuses are found."""
    if not rows:
        return
    try:
        found = dict(
            zip([each.name for each in session.get_outputs()], session.run(None, _feed(cases, rows)), strict=True)
        )
    except Exception as error:  # pylint: disable=broad-exception-caught  # the runtime's errors have no common type
        if len(rows) == 1:
            errors[rows[0]] = " ".join(str(error).split())[:300]
            return
        half = len(rows) // 2
        _run(session, cases, rows[:half], answers, errors)
        _run(session, cases, rows[half:], answers, errors)
        return
    labels = found[LABEL].ravel().tolist() if LABEL in found else [None] * len(rows)
    values = next((found[name] for name in (PROBABILITIES, PREDICTION) if name in found), None)
    for index, row in enumerate(rows):
        numbers = None if values is None else tuple(values[index].ravel().tolist())
        answers[row] = (labels[index], numbers)


def _feed(cases: Cases, rows: range) -> dict[str, Any]:
    import numpy

    feed = {}
    for index, column in enumerate(cases.columns):
        values = [[_cell(cases.rows[row][index], column)] for row in rows]
        feed[column.name] = numpy.array(values, dtype=object if column.kind == TEXT else numpy.float64)
    return feed


def _cell(value: Cell, column: Column) -> Cell:
    if value is None:
        return estimator.MISSING_TEXT if column.kind == TEXT else float("nan")
    return value


def _tensor(node: Any, missing: str | None) -> Tensor:
    kind = {"tensor(double)": "float64", "tensor(string)": "string", "tensor(int64)": "int64"}.get(node.type, node.type)
    shape = tuple(each if isinstance(each, int) else None for each in node.shape)
    return Tensor(node.name, kind, shape, missing)
