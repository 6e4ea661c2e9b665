"""A function as it is bound with PyTriton. What becomes of it: docs/from-pytriton.md."""

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton


@batch
def infer(x):
    return {"y": -x}


with Triton() as triton:
    triton.bind(
        "negative",
        infer,
        inputs=[Tensor(name="x", dtype=np.float32, shape=(-1,))],
        outputs=[Tensor(name="y", dtype=np.float32, shape=(-1,))],
        config=ModelConfig(max_batch_size=128),
    )
    triton.serve()
