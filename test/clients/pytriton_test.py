"""PyTriton's own clients against Shoal: sync, futures, asyncio, streams; samples and batches.

The addresses are in SHOAL_URL and SHOAL_GRPC, as host and port.
"""

import asyncio
import os
import unittest

import numpy as np
from pytriton.client import (
    AsyncioDecoupledModelClient,
    AsyncioModelClient,
    DecoupledModelClient,
    FuturesModelClient,
    ModelClient,
)
from pytriton.client.exceptions import (
    PyTritonClientInferenceServerError,
    PyTritonClientTimeoutError,
    PyTritonClientValueError,
)

HTTP = f"http://{os.environ['SHOAL_URL']}"
GRPC = f"grpc://{os.environ['SHOAL_GRPC']}"

ROW = np.arange(16, dtype=np.int32)
BATCH = np.stack([ROW, 2 * ROW, 3 * ROW])
ZERO = np.zeros(1, dtype=np.float32)


class Unary(unittest.TestCase):
    def test_samples_and_batches(self):
        for url in (HTTP, GRPC):
            with self.subTest(url), ModelClient(url, "add_sub") as client:
                sample = client.infer_sample(ROW, ROW)
                np.testing.assert_array_equal(sample["OUTPUT0"], 2 * ROW)
                batch = client.infer_batch(INPUT0=BATCH, INPUT1=BATCH)
                np.testing.assert_array_equal(batch["OUTPUT1"], np.zeros_like(BATCH))
                self.assertTrue(client.is_batching_supported)
                self.assertEqual(client.model_config.max_batch_size, 32)

    def test_parameters_and_texts(self):
        for url in (HTTP, GRPC):
            with self.subTest(url), ModelClient(url, "identity_bytes") as client:
                texts = np.array(["fish", "魚"])
                given = np.char.encode(texts, "utf-8")
                answer = client.infer_sample(given, parameters={"a": 1, "b": "two", "c": True})
                self.assertEqual([text.decode() for text in answer["OUTPUT0"]], list(texts))

    def test_errors(self):
        for url in (HTTP, GRPC):
            with self.subTest(url), ModelClient(url, "fails") as client:
                with self.assertRaises(PyTritonClientInferenceServerError) as caught:
                    client.infer_sample(ZERO)
                self.assertIn("never with this model", str(caught.exception))

    def test_time_outs(self):
        for url in (HTTP, GRPC):
            with self.subTest(url), ModelClient(url, "waits", inference_timeout_s=0.3) as client:
                with self.assertRaises(PyTritonClientTimeoutError):
                    client.infer_sample(ZERO)

    def test_a_streaming_model_is_told_apart(self):
        with self.assertRaises(PyTritonClientInferenceServerError):
            with ModelClient(GRPC, "counts") as client:
                client.infer_sample(np.array([1], dtype=np.int32))

    def test_futures(self):
        # Its second worker forgets that an address was one of gRPC.
        for url, workers in ((HTTP, 8), (GRPC, 1)):
            with self.subTest(url), FuturesModelClient(url, "add_sub", max_workers=workers) as client:
                futures = [client.infer_batch(INPUT0=BATCH, INPUT1=BATCH) for _ in range(20)]
                for future in futures:
                    np.testing.assert_array_equal(future.result()["OUTPUT0"], 2 * BATCH)

    def test_asyncio(self):
        async def run(url):
            async with AsyncioModelClient(url, "add_sub") as client:
                answers = await asyncio.gather(*(client.infer_sample(ROW, ROW) for _ in range(20)))
                for answer in answers:
                    np.testing.assert_array_equal(answer["OUTPUT0"], 2 * ROW)

        for url in (HTTP, GRPC):
            with self.subTest(url):
                asyncio.run(run(url))


class Streams(unittest.TestCase):
    def test_samples_and_batches(self):
        with DecoupledModelClient(GRPC, "counts") as client:
            got = [int(answer["K"][0]) for answer in client.infer_sample(np.array([5], np.int32))]
            self.assertEqual(got, [0, 1, 2, 3, 4])
            batch = [answer["K"].tolist() for answer in client.infer_batch(np.array([[2], [1]], np.int32))]
            self.assertEqual(batch, [[[0], [0]], [[1], [1]]])

    def test_without_batching(self):
        with DecoupledModelClient(GRPC, "counts_alone") as client:
            got = [int(answer["K"][0]) for answer in client.infer_sample(np.array([3], np.int32))]
            self.assertEqual(got, [0, 1, 2])
            with self.assertRaises(Exception) as caught:
                list(client.infer_batch(np.array([[3]], np.int32)))
            self.assertIn("doesn't support batching", str(caught.exception))

    def test_an_error_in_the_middle(self):
        with DecoupledModelClient(GRPC, "fails_midway") as client:
            got = []
            with self.assertRaises(PyTritonClientInferenceServerError) as caught:
                for answer in client.infer_sample(np.array([9], np.int32)):
                    got.append(int(answer["K"][0]))
            self.assertEqual(got, [0, 1, 2])
            self.assertIn("three were enough", str(caught.exception))

    def test_leaving_early(self):
        with DecoupledModelClient(GRPC, "counts") as client:
            for answer in client.infer_sample(np.array([5_000], np.int32)):
                if int(answer["K"][0]) == 10:
                    break

    def test_asyncio(self):
        async def run():
            async with AsyncioDecoupledModelClient(GRPC, "counts") as client:
                got = []
                async for answer in client.infer_sample(np.array([4], np.int32)):
                    got.append(int(answer["K"][0]))
                self.assertEqual(got, [0, 1, 2, 3])

        asyncio.run(run())

    def test_http_is_refused_by_the_client(self):
        with self.assertRaises(PyTritonClientValueError):
            DecoupledModelClient(HTTP, "counts")


if __name__ == "__main__":
    unittest.main(verbosity=2)
