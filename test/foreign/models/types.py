"""The identity of a tensor of each datatype that the Python backend can."""

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        outputs = [
            pb_utils.Tensor(given.name(), given.as_numpy())
            for given in request.inputs()
        ]
        return pb_utils.InferenceResponse(outputs)
