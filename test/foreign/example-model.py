"""What each model of the example repository does, by its name, for Triton's Python backend."""

import json
import time

import numpy as np
import triton_python_backend_utils as pb_utils


def add_sub(version, a, b):
    return a + b, a - b


def same(version, x):
    return (x,)


def thousand(version, pictures):
    means = pictures[:, 0].mean(axis=(1, 2), dtype=np.float32)
    weights = (7 * np.arange(1000) % 1000 / 64).astype(np.float32)
    return ((means[:, None] * weights).reshape(-1, 1000, 1, 1),)


FUNCTIONS = {
    "bare": add_sub,
    "batched": add_sub,
    "blend": add_sub,
    "large": lambda version, x: (x + np.arange(16, dtype=np.float32),),
    "optional_input": lambda version, a, b=0: (a + b,),
    "script": lambda version, x: (x * np.float32(2),),
    "thousand": thousand,
    "typed": lambda version, x: (x * np.float32(3),),
    "versions_all": lambda version, x: (x + np.float32(version),),
    "versions_chosen": lambda version, x: (x + np.float32(version),),
    "versions_latest": lambda version, x: (x + np.float32(version),),
}


class TritonPythonModel:
    def initialize(self, args):
        self.version = int(args["model_version"])
        self.name = args["model_name"]
        config = json.loads(args["model_config"])
        self.inputs = [one["name"] for one in config["input"]]
        self.outputs = [one["name"] for one in config["output"]]

    def execute(self, requests):
        streams = {"repeat_int32": self.repeat, "square_int32": self.square}
        if self.name not in streams:
            return [self.answer(request) for request in requests]
        for request in requests:
            sender = request.get_response_sender()
            for values in streams[self.name](request):
                sender.send(self.response(values))
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def answer(self, request):
        given = [self.value(request, name) for name in self.inputs]
        values = [value for value in given if value is not None]
        return self.response(FUNCTIONS.get(self.name, same)(self.version, *values))

    def value(self, request, name):
        tensor = pb_utils.get_input_tensor_by_name(request, name)
        return None if tensor is None else tensor.as_numpy()

    def response(self, values):
        pairs = zip(self.outputs, values)
        return pb_utils.InferenceResponse([pb_utils.Tensor(name, value) for name, value in pairs])

    def repeat(self, request):
        values, delays, _ = (self.value(request, name) for name in self.inputs)
        for index, (value, delay) in enumerate(zip(values, delays)):
            time.sleep(delay / 1000)
            yield np.array([value], dtype=np.int32), np.array([index], dtype=np.uint32)

    def square(self, request):
        (count,) = self.value(request, "IN")
        for _ in range(count):
            yield (np.array([count], dtype=np.int32),)
