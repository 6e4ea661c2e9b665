"""Calls of Triton's own client, as bench/client-load.mjs: URL small|image IN_FLIGHT SECONDS.

Over HTTP by its pool of greenlets, over gRPC by its callbacks: its fastest ways. Prints JSON.
"""

import json
import queue
import sys
import time

import numpy as np

url, kind, in_flight, seconds = sys.argv[1:]
in_flight, seconds = int(in_flight), float(seconds)
scheme, _, place = url.partition("://")
if scheme == "grpc":
    import tritonclient.grpc as triton

    client = triton.InferenceServerClient(place)
else:
    import tritonclient.http as triton

    client = triton.InferenceServerClient(place, concurrency=in_flight)


def inputs_of(kind):
    if kind == "small":
        values = {name: np.arange(16, dtype=np.int32).reshape(1, 16) for name in ("INPUT0", "INPUT1")}
        return "add_sub", "INT32", values
    return "identity", "FP32", {"INPUT0": np.full((1, 150_528), 0.5, dtype=np.float32)}


model, datatype, values = inputs_of(kind)


def request():
    inputs = []
    for name, array in values.items():
        tensor = triton.InferInput(name, array.shape, datatype)
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    return inputs


def run_http(duration):
    count, pending, end = 0, [], time.monotonic() + duration
    while time.monotonic() < end:
        while len(pending) < in_flight:
            pending.append(client.async_infer(model, request()))
        assert pending.pop(0).get_result().as_numpy("OUTPUT0").size > 0
        count += 1
    for each in pending:
        each.get_result()
    return count


def run_grpc(duration):
    done, count, end = queue.Queue(), 0, time.monotonic() + duration

    def send():
        client.async_infer(model, request(), lambda result, error: done.put((result, error)))

    for _ in range(in_flight):
        send()
    while time.monotonic() < end:
        result, error = done.get()
        assert error is None and result.as_numpy("OUTPUT0").size > 0
        count += 1
        send()
    for _ in range(in_flight):
        done.get()
    return count


def run_one(duration):
    count, end = 0, time.monotonic() + duration
    while time.monotonic() < end:
        assert client.infer(model, request()).as_numpy("OUTPUT0").size > 0
        count += 1
    return count


run = run_one if in_flight == 1 else run_grpc if scheme == "grpc" else run_http
run(0.5)
cpu, start = time.process_time(), time.monotonic()
count = run(seconds)
print(
    json.dumps(
        {
            "perSecond": count / (time.monotonic() - start),
            "cpuMicros": 1e6 * (time.process_time() - cpu) / count,
        }
    )
)
client.close()
