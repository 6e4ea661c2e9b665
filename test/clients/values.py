"""Values at the edges of each datatype, with which every client tries the identities."""

import numpy as np

EXTREMES = {
    "bool": np.array([[True, False, True]]),
    "uint8": np.array([[0, 1, 255]], dtype=np.uint8),
    "uint16": np.array([[0, 1, 65535]], dtype=np.uint16),
    "uint32": np.array([[0, 1, 2**32 - 1]], dtype=np.uint32),
    "uint64": np.array([[0, 2**53 + 1, 2**64 - 1]], dtype=np.uint64),
    "int8": np.array([[-128, 0, 127]], dtype=np.int8),
    "int16": np.array([[-(2**15), 0, 2**15 - 1]], dtype=np.int16),
    "int32": np.array([[-(2**31), 0, 2**31 - 1]], dtype=np.int32),
    "int64": np.array([[-(2**63), 2**53 + 1, 2**63 - 1]], dtype=np.int64),
    "fp16": np.array([[-1.5, 0.1, 65504]], dtype=np.float16),
    "fp32": np.array([[np.pi, -0.0, 3.4e38, 1e-45, np.inf]], dtype=np.float32),
    "fp64": np.array([[np.pi, 5e-324, -1.7e308]], dtype=np.float64),
    "bytes": np.array([["", "fish", "魚 🐟"]], dtype=np.object_),
}
