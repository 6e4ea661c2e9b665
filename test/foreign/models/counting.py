"""COUNT responses: 0, 1, 2 and so on; PAIR is the index and half of it."""

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            self.answer(request)

    def answer(self, request):
        sender = request.get_response_sender()
        count = pb_utils.get_input_tensor_by_name(request, "COUNT").as_numpy()[0]
        for index in range(count):
            # As when its client has gone.
            if request.is_cancelled():
                break
            outputs = [
                pb_utils.Tensor("INDEX", np.array([index], dtype=np.int32)),
                pb_utils.Tensor("PAIR", np.array([[index, index / 2]], dtype=np.float32)),
            ]
            sender.send(pb_utils.InferenceResponse(outputs))
        sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
