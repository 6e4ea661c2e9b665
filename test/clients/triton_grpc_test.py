"""Triton's own Python client against Shoal, over gRPC: unary, asynchronous, asyncio, streams.

The address is in SHOAL_GRPC.
"""

import asyncio
import os
import queue
import unittest

import numpy as np
import tritonclient.grpc as grpcclient
import tritonclient.grpc.aio as aioclient
from tritonclient.utils import InferenceServerException, np_to_triton_dtype
from values import EXTREMES

URL = os.environ["SHOAL_GRPC"]


def tensor(name, values, module=grpcclient):
    infer_input = module.InferInput(name, values.shape, np_to_triton_dtype(values.dtype))
    infer_input.set_data_from_numpy(values)
    return infer_input


def int32(value):
    return np.array([[value]], dtype=np.int32)


def both_inputs():
    a = np.arange(16, dtype=np.int32).reshape(1, 16)
    return a, [tensor("INPUT0", a), tensor("INPUT1", 2 * a)]


class GrpcClient(unittest.TestCase):
    def setUp(self):
        self.client = grpcclient.InferenceServerClient(URL)

    def tearDown(self):
        self.client.close()

    def identity(self, name, values, **options):
        result = self.client.infer(f"identity_{name}", [tensor("INPUT0", values)], **options)
        return result.as_numpy("OUTPUT0")

    def test_every_datatype(self):
        for name, values in EXTREMES.items():
            with self.subTest(name):
                got = self.identity(name, values)
                if name == "bytes":
                    self.assertEqual([x.decode() for x in got.flat], list(values.flat))
                else:
                    np.testing.assert_array_equal(got, values)

    def test_bytes_that_are_no_text(self):
        values = np.array([[b"\x00\xff", b"", b"\x80"]], dtype=np.object_)
        np.testing.assert_array_equal(self.identity("bytes", values), values)

    def test_600_kb(self):
        values = np.random.default_rng(0).standard_normal((1, 150_528), dtype=np.float32)
        np.testing.assert_array_equal(self.identity("fp32", values), values)

    def test_40_mb(self):
        values = np.random.default_rng(0).standard_normal((1, 10_000_000), dtype=np.float32)
        np.testing.assert_array_equal(self.identity("fp32", values), values)

    def test_typed_contents(self):
        request = grpcclient.service_pb2.ModelInferRequest(model_name="identity_int64")
        wanted = request.inputs.add(name="INPUT0", datatype="INT64", shape=[1, 2])
        wanted.contents.int64_contents.extend([-(2**63), 2**53 + 1])
        answer = self.client._client_stub.ModelInfer(request)
        got = np.frombuffer(answer.raw_output_contents[0], dtype=np.int64)
        self.assertEqual(got.tolist(), [-(2**63), 2**53 + 1])

    def test_compression(self):
        values = np.zeros((1, 100_000), dtype=np.float32)
        for algorithm in ("gzip", "deflate"):
            got = self.identity("fp32", values, compression_algorithm=algorithm)
            np.testing.assert_array_equal(got, values)

    def test_ids_parameters_priority_and_outputs(self):
        a, inputs = both_inputs()
        result = self.client.infer(
            "add_sub",
            inputs,
            outputs=[grpcclient.InferRequestedOutput("OUTPUT1")],
            request_id="seven",
            model_version="1",
            priority=1,
            timeout=1_000_000,
            parameters={"note": "kept", "count": 3, "is": True},
        )
        answer = result.get_response()
        self.assertEqual((answer.id, answer.model_name, answer.model_version), ("seven", "add_sub", "1"))
        self.assertEqual([output.name for output in answer.outputs], ["OUTPUT1"])
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), -a)

    def test_asynchronous_calls_share_a_batch(self):
        answers = queue.Queue()
        zero = tensor("INPUT0", np.zeros((1, 1), dtype=np.float32))
        for _ in range(8):
            self.client.async_infer(
                "patient", [zero], callback=lambda result, error: answers.put((result, error))
            )
        rows = []
        for _ in range(8):
            result, error = answers.get(timeout=10)
            self.assertIsNone(error)
            rows.append(int(result.as_numpy("ROWS")[0][0]))
        self.assertGreater(max(rows), 1)

    def test_a_call_is_cancelled(self):
        answers = queue.Queue()
        zero = tensor("INPUT0", np.zeros((1, 1), dtype=np.float32))
        call = self.client.async_infer(
            "waits", [zero], callback=lambda result, error: answers.put((result, error))
        )
        call.cancel()
        _, error = answers.get(timeout=10)
        self.assertIn("CANCELLED", str(error))

    def test_the_clients_own_time_out(self):
        zero = tensor("INPUT0", np.zeros((1, 1), dtype=np.float32))
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer("waits", [zero], client_timeout=0.2)
        self.assertEqual(caught.exception.status(), "StatusCode.DEADLINE_EXCEEDED")

    def test_health_and_metadata(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("add_sub"))
        self.assertTrue(self.client.is_model_ready("add_sub", "1"))
        with self.assertRaises(InferenceServerException):
            self.client.is_model_ready("nobody")
        self.assertEqual(self.client.get_server_metadata().name, "triton")
        model = self.client.get_model_metadata("add_sub")
        self.assertEqual(list(model.versions), ["1"])
        self.assertEqual((model.inputs[0].name, list(model.inputs[0].shape)), ("INPUT0", [-1, 16]))
        config = self.client.get_model_config("add_sub").config
        self.assertEqual((config.name, config.max_batch_size), ("add_sub", 32))
        self.assertTrue(self.client.get_model_config("counts").config.model_transaction_policy.decoupled)

    def test_index_and_statistics(self):
        index = self.client.get_model_repository_index()
        found = [(entry.name, entry.version, entry.state) for entry in index.models]
        self.assertIn(("add_sub", "1", "READY"), found)
        self.identity("int8", EXTREMES["int8"])
        (statistics,) = self.client.get_inference_statistics("identity_int8").model_stats
        self.assertGreaterEqual(statistics.inference_count, 1)
        self.assertGreaterEqual(statistics.inference_stats.success.ns, 1)
        names = {entry.name for entry in self.client.get_inference_statistics().model_stats}
        self.assertIn("patient", names)

    def test_errors_have_their_texts_and_statuses(self):
        values = np.zeros((1, 1), dtype=np.float32)
        cases = [
            ("fails", values, "INVALID_ARGUMENT", "never with this model"),
            ("nobody", values, "NOT_FOUND", "Request for unknown model: 'nobody' is not found"),
            ("fails", np.zeros((1, 2), dtype=np.float32), "INVALID_ARGUMENT", "unexpected shape"),
            ("fails", np.zeros((1, 1), dtype=np.int32), "INVALID_ARGUMENT", "data-type is 'INT32'"),
            ("fails", np.zeros((33, 1), dtype=np.float32), "INVALID_ARGUMENT", "must be <= 32"),
            ("counts", values, "UNIMPLEMENTED", "decoupled transaction policy"),
        ]
        for name, data, status, text in cases:
            with self.subTest(text=text), self.assertRaises(InferenceServerException) as caught:
                self.client.infer(name, [tensor("INPUT0", data)])
            self.assertEqual(caught.exception.status(), f"StatusCode.{status}")
            self.assertIn(text, caught.exception.message())

    def test_loading_is_refused(self):
        with self.assertRaises(InferenceServerException):
            self.client.load_model("add_sub")
        with self.assertRaises(InferenceServerException):
            self.client.unload_model("add_sub")

    def test_asyncio(self):
        async def run():
            async with aioclient.InferenceServerClient(URL) as client:
                a, inputs = both_inputs()
                results = await asyncio.gather(*(client.infer("add_sub", inputs) for _ in range(20)))
                for result in results:
                    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), 3 * a)

        asyncio.run(run())


class GrpcStreams(unittest.TestCase):
    def setUp(self):
        self.client = grpcclient.InferenceServerClient(URL)
        self.answers = queue.Queue()
        self.client.start_stream(callback=lambda result, error: self.answers.put((result, error)))

    def tearDown(self):
        self.client.stop_stream()
        self.client.close()

    def next(self):
        result, error = self.answers.get(timeout=10)
        if error is not None:
            raise error
        return result

    def is_final(self, result):
        return result.get_response().parameters["triton_final_response"].bool_param

    def test_a_stream_to_its_end(self):
        for model, value in (("counts", int32(5)), ("counts_alone", np.array([5], dtype=np.int32))):
            self.client.async_stream_infer(
                model, [tensor("N", value)], request_id="a", enable_empty_final_response=True
            )
            for k in range(5):
                result = self.next()
                self.assertEqual(result.as_numpy("K").flat[0], k)
                self.assertEqual(result.get_response().id, "a")
                self.assertFalse(self.is_final(result))
            last = self.next()
            self.assertTrue(self.is_final(last))
            self.assertEqual(len(last.get_response().outputs), 0)

    def test_without_the_empty_final_response(self):
        self.client.async_stream_infer("counts", [tensor("N", int32(3))])
        self.assertEqual([self.next().as_numpy("K").flat[0] for _ in range(3)], [0, 1, 2])
        a, inputs = both_inputs()
        self.client.async_stream_infer("add_sub", inputs)
        np.testing.assert_array_equal(self.next().as_numpy("OUTPUT0"), 3 * a)

    def test_many_requests_on_one_stream(self):
        for index in range(50):
            self.client.async_stream_infer(
                "counts_alone",
                [tensor("N", np.array([index % 5], dtype=np.int32))],
                request_id=str(index),
                enable_empty_final_response=True,
            )
        got = {}
        while len([1 for values in got.values() if values[-1] == "end"]) < 50:
            result = self.next()
            values = got.setdefault(result.get_response().id, [])
            values.append("end" if self.is_final(result) else int(result.as_numpy("K").flat[0]))
        for index in range(50):
            self.assertEqual(got[str(index)], [*range(index % 5), "end"])

    def test_models_that_answer_once_keep_their_order(self):
        _, inputs = both_inputs()
        for index in range(20):
            self.client.async_stream_infer("add_sub", inputs, request_id=str(index))
        results = [self.next() for _ in range(20)]
        self.assertEqual([result.get_response().id for result in results], [str(i) for i in range(20)])
        self.assertTrue(all(self.is_final(result) for result in results))

    def test_errors_leave_the_stream_usable(self):
        self.client.async_stream_infer("fails_midway", [tensor("N", int32(9))], request_id="e")
        self.assertEqual([self.next().as_numpy("K").flat[0] for _ in range(3)], [0, 1, 2])
        with self.assertRaises(InferenceServerException) as caught:
            self.next()
        self.assertIn("three were enough", str(caught.exception))
        self.client.async_stream_infer("nobody", [tensor("N", int32(9))])
        with self.assertRaises(InferenceServerException) as caught:
            self.next()
        self.assertIn("unknown model", str(caught.exception))
        self.client.async_stream_infer("counts", [tensor("N", int32(1))])
        self.assertEqual(self.next().as_numpy("K").flat[0], 0)

    def test_a_stream_is_cancelled(self):
        self.client.async_stream_infer("counts", [tensor("N", int32(1_000_000))])
        self.next()
        self.client.stop_stream(cancel_requests=True)
        self.client.start_stream(callback=lambda result, error: self.answers.put((result, error)))

    def test_asyncio(self):
        async def requests():
            for index in range(3):
                yield {
                    "model_name": "counts",
                    "inputs": [tensor("N", int32(4), aioclient)],
                    "request_id": str(index),
                    "enable_empty_final_response": True,
                }

        async def run():
            async with aioclient.InferenceServerClient(URL) as client:
                ends = 0
                async for result, error in client.stream_infer(requests()):
                    self.assertIsNone(error)
                    ends += self.is_final(result)
                    if ends == 3:
                        break

        asyncio.run(run())


if __name__ == "__main__":
    unittest.main(verbosity=2)
