"""The story of server.mjs, over HTTP with nothing but Python, and over gRPC with Triton's client.

    pip install "tritonclient[grpc]"
    python examples/streaming/client.py [host]
"""

import json
import os
import queue
import sys
from urllib.request import Request, urlopen

HTTP = os.environ.get("STORY_HTTP", "localhost:8000")
GRPC = os.environ.get("STORY_GRPC", "localhost:8001")


def over_http(prompt):
    body = json.dumps({"prompt": prompt}).encode()
    with urlopen(Request(f"http://{HTTP}/v2/models/story/generate_stream", data=body)) as events:
        for line in events:
            if line.startswith(b"data: "):
                yield json.loads(line[len(b"data: ") :])["text"]


def over_grpc(prompt):
    import numpy as np
    import tritonclient.grpc as grpcclient

    answers = queue.Queue()
    client = grpcclient.InferenceServerClient(GRPC)
    client.start_stream(callback=lambda result, error: answers.put((result, error)))
    text = grpcclient.InferInput("prompt", [1], "BYTES")
    text.set_data_from_numpy(np.array([prompt.encode()], dtype=np.object_))
    client.async_stream_infer("story", [text], enable_empty_final_response=True)
    while True:
        result, error = answers.get()
        if error is not None:
            raise error
        if result.get_response().parameters["triton_final_response"].bool_param:
            break
        yield result.as_numpy("text")[0].decode()
    client.stop_stream()


if __name__ == "__main__":
    for tell in (over_http, over_grpc):
        for word in tell(sys.argv[1] if len(sys.argv) > 1 else "a fish"):
            print(word, end="", flush=True)
        print()
