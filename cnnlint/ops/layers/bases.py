"""Which class of ``torch.nn`` derives from which, for ``isinstance`` and ``issubclass``."""

from __future__ import annotations

_CONV = "torch.nn.modules.conv._ConvNd"
_TRANSPOSED = "torch.nn.modules.conv._ConvTransposeNd"
_NORM = "torch.nn.modules.batchnorm._NormBase"
_BATCH_NORM = "torch.nn.modules.batchnorm._BatchNorm"
_INSTANCE_NORM = "torch.nn.modules.instancenorm._InstanceNorm"
_DROPOUT = "torch.nn.modules.dropout._DropoutNd"
_LOSS = "torch.nn.modules.loss._Loss"
_WEIGHTED_LOSS = "torch.nn.modules.loss._WeightedLoss"
_RNN = "torch.nn.RNNBase"
_CELL = "torch.nn.RNNCellBase"


def _by_dimension(module: str, base: str, prefixes: tuple[str, ...]) -> dict[str, str]:
    return {f"torch.nn.{p}{n}d": f"torch.nn.modules.{module}.{base.format(n=n)}" for p in prefixes for n in (1, 2, 3)}


# Each class's first base that is no mixin.
_PARENT: dict[str, str] = {
    _TRANSPOSED: _CONV,
    _BATCH_NORM: _NORM,
    _INSTANCE_NORM: _NORM,
    _WEIGHTED_LOSS: _LOSS,
    **_by_dimension("conv", "_ConvNd", ("Conv",)),
    **_by_dimension("conv", "_ConvTransposeNd", ("ConvTranspose",)),
    **_by_dimension("batchnorm", "_BatchNorm", ("BatchNorm",)),
    **_by_dimension("instancenorm", "_InstanceNorm", ("InstanceNorm",)),
    **_by_dimension("batchnorm", "_BatchNorm", ("LazyBatchNorm",)),
    **_by_dimension("instancenorm", "_InstanceNorm", ("LazyInstanceNorm",)),
    **_by_dimension("pooling", "_MaxPoolNd", ("MaxPool",)),
    **_by_dimension("pooling", "_AvgPoolNd", ("AvgPool",)),
    **_by_dimension("pooling", "_LPPoolNd", ("LPPool",)),
    **_by_dimension("pooling", "_MaxUnpoolNd", ("MaxUnpool",)),
    **_by_dimension("pooling", "_AdaptiveAvgPoolNd", ("AdaptiveAvgPool",)),
    **_by_dimension("pooling", "_AdaptiveMaxPoolNd", ("AdaptiveMaxPool",)),
    **_by_dimension("padding", "_ConstantPadNd", ("ConstantPad",)),
    **_by_dimension("padding", "_ReflectionPadNd", ("ReflectionPad",)),
    **_by_dimension("padding", "_ReplicationPadNd", ("ReplicationPad",)),
    **_by_dimension("padding", "_CircularPadNd", ("CircularPad",)),
    **{f"torch.nn.ZeroPad{n}d": f"torch.nn.ConstantPad{n}d" for n in (1, 2, 3)},
    **{
        f"torch.nn.Lazy{kind}{n}d": f"torch.nn.{kind}{n}d"
        for kind in ("Conv", "ConvTranspose")
        for n in (1, 2, 3)
    },
    "torch.nn.NLLLoss2d": "torch.nn.NLLLoss",
    "torch.nn.LazyLinear": "torch.nn.Linear",
    "torch.nn.modules.linear.NonDynamicallyQuantizableLinear": "torch.nn.Linear",
    "torch.nn.SyncBatchNorm": _BATCH_NORM,
    "torch.nn.ReLU6": "torch.nn.Hardtanh",
    "torch.nn.UpsamplingNearest2d": "torch.nn.Upsample",
    "torch.nn.UpsamplingBilinear2d": "torch.nn.Upsample",
    **{
        f"torch.nn.{name}": _DROPOUT
        for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
    },
    **{f"torch.nn.{name}": _RNN for name in ("RNN", "LSTM", "GRU")},
    **{f"torch.nn.{name}": _CELL for name in ("RNNCell", "LSTMCell", "GRUCell")},
    **{
        f"torch.nn.{name}": _WEIGHTED_LOSS
        for name in ("NLLLoss", "BCELoss", "CrossEntropyLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss")
    },
    **{
        f"torch.nn.{name}": _LOSS
        for name in (
            "L1Loss", "PoissonNLLLoss", "GaussianNLLLoss", "KLDivLoss", "MSELoss", "BCEWithLogitsLoss",
            "HingeEmbeddingLoss", "MultiLabelMarginLoss", "SmoothL1Loss", "HuberLoss", "SoftMarginLoss",
            "CosineEmbeddingLoss", "MarginRankingLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss", "CTCLoss",
        )
    },
}  # fmt: skip


def ancestors_of(path: str) -> tuple[str, ...]:
    """The chain of base classes above ``path``, nearest first."""
    chain: list[str] = []
    while (parent := _PARENT.get(path)) is not None:
        chain.append(parent)
        path = parent
    return tuple(chain)
