"""COUNT responses: 0, 1, 2 and so on; below zero: one response, then an error."""

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            self.answer(request)

    def answer(self, request):
        sender = request.get_response_sender()
        count = int(pb_utils.get_input_tensor_by_name(request, "COUNT").as_numpy()[0])
        for index in range(abs(count)):
            # A client that has gone cancels the request.
            if request.is_cancelled():
                break
            value = np.array([index], dtype=np.int32)
            pair = np.array([[index, index * 0.5]], dtype=np.float32)
            sender.send(
                pb_utils.InferenceResponse(
                    [pb_utils.Tensor("INDEX", value), pb_utils.Tensor("PAIR", pair)]
                )
            )
        if count < 0:
            error = pb_utils.TritonError("counted to the end")
            sender.send(pb_utils.InferenceResponse(error=error))
        sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
