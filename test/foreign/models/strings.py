"""Texts, each with an exclamation mark behind it."""

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        texts = pb_utils.get_input_tensor_by_name(request, "TEXT").as_numpy()
        loud = [text + b"!" for text in texts.reshape(-1)]
        loud = np.array(loud, dtype=np.object_).reshape(texts.shape)
        return pb_utils.InferenceResponse([pb_utils.Tensor("TEXT", loud)])
