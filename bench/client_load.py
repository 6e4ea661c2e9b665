"""Calls of Triton's own client (PyPI: tritonclient[all]), as those of client-load.mjs.

    python bench/client_load.py URL small|image IN_FLIGHT SECONDS WAY

Prints requests per second and the processor time of one, as JSON. Ways to have many in flight:

    plain       infer(), one after another
    threads     a thread for each, with a client of its own over HTTP (it is not thread-safe)
    greenlets   a greenlet of gevent for each, one client with as many connections; HTTP only
    async       async_infer(); over HTTP it sleeps for 10 ms in each call, whatever comes
    aio         a task of asyncio for each
"""

import asyncio
import json
import queue
import sys
import threading
import time

import numpy as np

url, kind, in_flight, seconds, way = sys.argv[1:]
in_flight, seconds = int(in_flight), float(seconds)
scheme, _, place = url.partition("://")
if scheme == "grpc":
    import tritonclient.grpc as triton
    import tritonclient.grpc.aio as triton_aio
else:
    import tritonclient.http as triton
    import tritonclient.http.aio as triton_aio

if kind == "small":
    model, datatype = "add_sub", "INT32"
    values = {
        name: np.arange(16, dtype=np.int32).reshape(1, 16) for name in ("INPUT0", "INPUT1")
    }
else:
    model, datatype = "identity", "FP32"
    values = {"INPUT0": np.full((1, 150_528), 0.5, dtype=np.float32)}


def inputs():
    tensors = []
    for name, array in values.items():
        tensor = triton.InferInput(name, array.shape, datatype)
        tensor.set_data_from_numpy(array)
        tensors.append(tensor)
    return tensors


def is_whole(result):
    return result.as_numpy("OUTPUT0").size > 0


def call(client, end):
    count = 0
    while time.monotonic() < end:
        assert is_whole(client.infer(model, inputs()))
        count += 1
    return count


def connect():
    if scheme == "grpc":
        return triton.InferenceServerClient(place)
    return triton.InferenceServerClient(place, concurrency=in_flight)


def plain(run_for):
    client = connect()
    run_for(lambda end: call(client, end))


def threads(run_for):
    shared = connect() if scheme == "grpc" else None

    def run(end):
        counts = []

        def work():
            counts.append(call(shared or connect(), end))

        workers = [threading.Thread(target=work) for _ in range(in_flight)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(counts) == in_flight
        return sum(counts)

    run_for(run)


def greenlets(run_for):
    import gevent

    client = connect()

    def run(end):
        workers = [gevent.spawn(call, client, end) for _ in range(in_flight)]
        return sum(worker.get() for worker in gevent.joinall(workers))

    run_for(run)


def callbacks(run_for):
    client = connect()

    def run_http(end):
        count, pending = 0, []
        while time.monotonic() < end:
            while len(pending) < in_flight:
                pending.append(client.async_infer(model, inputs()))
            assert is_whole(pending.pop(0).get_result())
            count += 1
        for each in pending:
            each.get_result()
        return count

    def run_grpc(end):
        count, done = 0, queue.Queue()

        def send():
            client.async_infer(model, inputs(), lambda result, error: done.put((result, error)))

        for _ in range(in_flight):
            send()
        while time.monotonic() < end:
            result, error = done.get()
            assert error is None and is_whole(result)
            count += 1
            send()
        for _ in range(in_flight):
            done.get()
        return count

    run_for(run_grpc if scheme == "grpc" else run_http)


async def tasks(run_for):
    client = triton_aio.InferenceServerClient(place)

    async def worker(end):
        count = 0
        while time.monotonic() < end:
            assert is_whole(await client.infer(model, inputs()))
            count += 1
        return count

    async def run(end):
        return sum(await asyncio.gather(*[worker(end) for _ in range(in_flight)]))

    await run(time.monotonic() + 2)
    cpu, start = time.process_time(), time.monotonic()
    tell(await run(start + seconds), cpu, start)
    await client.close()


def measured(run):
    run(time.monotonic() + 2)
    cpu, start = time.process_time(), time.monotonic()
    tell(run(start + seconds), cpu, start)


def tell(count, cpu, start):
    figures = {
        "perSecond": count / (time.monotonic() - start),
        "cpuMicros": 1e6 * (time.process_time() - cpu) / count,
    }
    print(json.dumps(figures))


if way == "aio":
    asyncio.run(tasks(measured))
else:
    {"plain": plain, "threads": threads, "greenlets": greenlets, "async": callbacks}[way](measured)
